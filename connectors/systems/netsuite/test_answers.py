from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.contract import Outcome, Settings
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.netsuite import answers, signing
from connectors.systems.netsuite.answers import Submitted

RECORDED: Final = json.loads(
    Path(__file__).with_name("fixtures").joinpath("answers.json").read_text()
)
AT: Final = datetime.now(UTC).replace(microsecond=0)
ADDRESS: Final = "https://1234567-sb1.suitetalk.api.netsuite.com"


def answer(recorded: dict[str, Any]) -> Answer:
    body = recorded["body"]
    raw = body if isinstance(body, str) else json.dumps(body)
    return Answer(recorded["status"], recorded.get("headers", {}), raw.encode())


class TestAnswers:
    def test_mean_what_they_say_and_a_read_is_never_in_doubt(self) -> None:
        for recorded in RECORDED:
            problem = answers.problem(answer(recorded), write=True)
            assert problem.outcome == recorded["outcome"], recorded
            assert (problem.code, problem.retry_after) == (
                recorded["code"],
                recorded.get("retry_after"),
            ), recorded
            assert problem.status == recorded["status"]
            assert " " in problem.reason
            read = answers.problem(answer(recorded), write=False).failure()
            assert read.outcome is not Outcome.IN_DOUBT

    def test_an_idempotency_conflict_names_the_job_that_was_submitted_before(self) -> None:
        (recorded,) = (one for one in RECORDED if "job" in one)
        with pytest.raises(Submitted) as caught:
            answers.taken(answer(recorded))
        assert (caught.value.job, caught.value.outcome) == ("123456", Outcome.ALREADY_DONE)

    def test_a_new_record_is_named_by_its_location(self) -> None:
        place = f"{ADDRESS}/services/rest/record/v1/journalEntry/647"
        assert answers.made(Answer(204, {"location": place}, b"")) == "647"
        for odd in (Answer(204, {}, b""), Answer(200, {}, b"<html>"), Answer(202, {}, b"")):
            with pytest.raises(Problem) as caught:
                answers.made(odd)
            assert caught.value.outcome is Outcome.IN_DOUBT

    def test_only_the_sign_in_says_that_credentials_are_wrong(self) -> None:
        with pytest.raises(Problem) as caught:
            answers.signed_in(Answer(400, {}, b'{"error": "invalid_grant"}'))
        assert caught.value.outcome is Outcome.AUTH
        refused = answers.problem(answer({"status": 401, "body": ""}), write=True)
        assert answers.loaded(refused).outcome is Outcome.THROTTLED


KEYS: Final = {
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
}


def settings(key: Any) -> Settings:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Settings(
        slug="netsuite",
        base_url=ADDRESS,
        parameters={"certificate_id": "kid-1"},
        secrets={"client_id": "client-1", "private_key": pem},
    )


class TestAssertions:
    @pytest.mark.parametrize("algorithm", KEYS)
    def test_are_taken_by_a_reader_of_another_making(self, algorithm: str) -> None:
        key = KEYS[algorithm]()
        token = signing.assertion(settings(key), at=AT)
        assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": algorithm, "kid": "kid-1"}
        claims = jwt.decode(
            token,
            key.public_key(),
            algorithms=[algorithm],
            audience=f"{ADDRESS}/services/rest/auth/oauth2/v1/token",
            issuer="client-1",
        )
        assert claims["scope"] == "rest_webservices"
        assert timedelta(0) < timedelta(seconds=claims["exp"] - claims["iat"]) < timedelta(hours=1)

    def test_need_a_key_that_netsuite_takes(self) -> None:
        for held in (settings(ed25519.Ed25519PrivateKey.generate()), Settings("netsuite", ADDRESS)):
            with pytest.raises(Problem) as caught:
                signing.assertion(held, at=AT)
            assert caught.value.outcome is Outcome.AUTH

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.contract import Outcome, Settings
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.netsuite import answers, signing, tba
from connectors.systems.netsuite.answers import Submitted
from connectors.testing.answers import answer, mean_what_is_said_of_them, recorded

RECORDED: Final = recorded(__file__)
AT: Final = datetime.now(UTC).replace(microsecond=0)
ADDRESS: Final = "https://1234567-sb1.suitetalk.api.netsuite.com"


class TestAnswers:
    def test_mean_what_they_say_and_a_read_is_never_in_doubt(self) -> None:
        mean_what_is_said_of_them(RECORDED, answers.problem)

    def test_an_idempotency_conflict_names_the_job_that_was_submitted_before(self) -> None:
        (told,) = (one for one in RECORDED if "job" in one)
        with pytest.raises(Submitted) as caught:
            answers.taken(answer(told))
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
        for signed in (False, True):
            assert answers.loaded(refused, signed=signed).outcome is Outcome.THROTTLED


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
            options={"verify_exp": False, "verify_iat": False},  # it is of an instant that is over
        )
        assert claims["scope"] == "rest_webservices"
        assert timedelta(0) < timedelta(seconds=claims["exp"] - claims["iat"]) < timedelta(hours=1)

    def test_need_a_key_that_netsuite_takes(self) -> None:
        for held in (settings(ed25519.Ed25519PrivateKey.generate()), Settings("netsuite", ADDRESS)):
            with pytest.raises(Problem) as caught:
                signing.assertion(held, at=AT)
            assert caught.value.outcome is Outcome.AUTH


class TestSignedCalls:
    """Oracle's examples, section_1534941088 and section_1534941295, as others' tests hold them."""

    AT: Final = datetime.fromtimestamp(1508242306, UTC)
    NONCE: Final = "fjaLirsIcCGVZWzBX0pg"
    SECRETS: Final = {
        "consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
        "consumer_secret": "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
        "token_id": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
        "token_secret": "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
    }

    def held(self, host: str, **more: str) -> Settings:
        return Settings(
            slug="netsuite",
            base_url=f"https://123456.{host}.api.netsuite.com",
            parameters={"account": "123456"},
            secrets={**self.SECRETS, **more},
        )

    @pytest.mark.parametrize(
        ("host", "method", "path", "params", "signature"),
        [
            (
                "suitetalk",
                "GET",
                "/services/rest/record/v1/employee/40",
                {},
                "B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D",
            ),
            (
                "restlets",
                "POST",
                "/app/site/hosting/restlet.nl",
                {
                    "script": "6",
                    "deploy": "1",
                    "customParam": "someValue",
                    "testParam": "someOtherValue",
                },
                "%2BKK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ%3D",
            ),
        ],
    )
    def test_have_the_signature_that_oracle_publishes(
        self, host: str, method: str, path: str, params: dict[str, str], signature: str
    ) -> None:
        told = tba.header(self.held(host), method, path, params, nonce=self.NONCE, at=self.AT)
        assert told.startswith('OAuth realm="123456", ')
        assert told.endswith(f'oauth_signature="{signature}"')
        assert not any(self.SECRETS[name] in told for name in ("consumer_secret", "token_secret"))

    def test_need_all_four_and_name_the_account_as_netsuite_does(self) -> None:
        assert tba.realm("1234567-sb1") == "1234567_SB1"
        with pytest.raises(Problem) as caught:
            tba.header(
                self.held("x", token_secret=""), "GET", "/", {}, nonce=self.NONCE, at=self.AT
            )
        assert caught.value.outcome is Outcome.AUTH

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from connectors.contract import CallFailed, Outcome
from connectors.problem import Problem
from connectors.systems.salesforce import sandbox
from connectors.systems.salesforce.connector import connector
from connectors.systems.salesforce.session import Org
from tests.connectors.salesforce_play import Stage, on_stage, with_parameters

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def by_jwt(**parameters: str) -> sandbox.Config:
    public = _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return sandbox.Config(public_key=public.decode())


class TestTokens:
    def test_of_twenty_callers_one_signs_in(self) -> None:
        async def story(stage: Stage) -> None:
            org = Org(stage.client, stage.settings)
            await asyncio.gather(*(org.query("SELECT Id FROM Account") for _ in range(20)))
            before = stage.sandbox.tokens.issued
            stage.sandbox.tokens.expire()
            await asyncio.gather(*(org.query("SELECT Id FROM Account") for _ in range(20)))
            assert stage.sandbox.tokens.issued == before + 1

        on_stage(story)

    def test_a_session_that_never_holds_is_told_after_one_new_sign_in(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.fault(unauthorized=True)
            with pytest.raises(CallFailed) as caught:
                await stage.poll()
            assert caught.value.outcome is Outcome.AUTH
            assert stage.sandbox.tokens.issued <= 2

        on_stage(story)

    def test_a_changed_secret_never_meets_an_old_token(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.poll()
            stage.settings = replace(
                stage.settings, secrets={**stage.settings.secrets, "client_secret": "revoked"}
            )
            with pytest.raises(CallFailed, match="invalid client credentials") as caught:
                await stage.poll()
            assert caught.value.outcome is Outcome.AUTH

        on_stage(story)

    def test_two_connections_do_not_share_one(self) -> None:
        async def story(stage: Stage) -> None:
            first = await Org(stage.client, stage.settings).token()
            other = replace(stage.settings, slug="salesforce-eu")
            assert await Org(stage.client, other).token() != first

        on_stage(story)

    def test_a_sign_in_that_is_not_answered_is_no_refusal(self) -> None:
        async def story(stage: Stage) -> None:
            stage.settings = replace(stage.settings, slug="fresh-for-garbage")
            for fault in ("down", "garbage"):
                await stage.fault(**{fault: {"times": True, "on": "token"}})
                with pytest.raises(Problem) as caught:
                    await Org(stage.client, stage.settings).token()
                assert caught.value.outcome is Outcome.TRANSIENT
                await stage.fault(**{fault: False})

        on_stage(story)


class TestJwt:
    def test_signs_in_by_an_assertion(self) -> None:
        async def story(stage: Stage) -> None:
            settings = with_parameters(sign_in="jwt", username=sandbox.USERNAME)
            secrets = {"client_id": sandbox.CLIENT_ID, "private_key": pem(_KEY)}
            steps = await connector.probe(stage.client, replace(settings, secrets=secrets))
            assert all(step.passed for step in steps), steps

        on_stage(story, config=by_jwt())

    @pytest.mark.parametrize(
        ("parameters", "words"),
        [
            ({"username": "somebody@else.example"}, "approved"),
            ({"username": sandbox.USERNAME, "audience": "https://example.com"}, "audience"),
        ],
    )
    def test_is_told_why_not(self, parameters: dict[str, str], words: str) -> None:
        async def story(stage: Stage) -> None:
            settings = with_parameters(sign_in="jwt", **parameters)
            secrets = {"client_id": sandbox.CLIENT_ID, "private_key": pem(_KEY)}
            with pytest.raises(Problem, match=words) as caught:
                await Org(stage.client, replace(settings, secrets=secrets)).token()
            assert caught.value.outcome is Outcome.AUTH

        on_stage(story, config=by_jwt())

    @pytest.mark.parametrize("key", ["", "no key", pem(ec.generate_private_key(ec.SECP256R1()))])
    def test_a_key_that_is_none_is_told_in_words(self, key: str) -> None:
        async def story(stage: Stage) -> None:
            settings = with_parameters(sign_in="jwt", username=sandbox.USERNAME)
            secrets = {"client_id": sandbox.CLIENT_ID, "private_key": key}
            with pytest.raises(Problem, match="no RSA key") as caught:
                await Org(stage.client, replace(settings, secrets=secrets)).token()
            assert caught.value.outcome is Outcome.AUTH

        on_stage(story, config=by_jwt())

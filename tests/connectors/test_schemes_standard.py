"""Standard Webhooks signatures: ours, and the one that a text about the scheme computes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import SignatureInvalid
from connectors.schemes import sign_standard, verify_standard

AT = datetime(2026, 10, 20, 12, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
BODY = b'{"a":1}'


def verify(**changes: Any) -> None:
    given: dict[str, Any] = {
        "body": BODY, "message_id": "msg_1", "timestamp": str(int(AT.timestamp())),
        "signatures": sign_standard(body=BODY, secret=SECRET, at=AT), "secrets": [SECRET],
        "at": AT,
    }  # fmt: skip
    verify_standard(**(given | changes))


class TestStandardWebhooks:
    def test_are_an_hmac_over_id_time_and_body_with_the_decoded_secret(self) -> None:
        signed = f"msg_1.{int(AT.timestamp())}.".encode() + BODY
        mac = hmac.new(b"0123456789abcdef01234567", signed, hashlib.sha256).digest()
        assert sign_standard(body=BODY, secret=SECRET, at=AT) == (
            "v1," + base64.b64encode(mac).decode()
        )

    def test_are_those_of_the_scheme_s_own_vector(self) -> None:
        """https://github.com/standard-webhooks/standard-webhooks, the tests of its libraries."""
        at = datetime.fromtimestamp(1_614_265_330, UTC)
        message_id, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        made = sign_standard(body=body, secret=secret, at=at, message_id=message_id)
        assert made == signature
        verify(
            body=body, message_id=message_id, timestamp="1614265330", signatures=signature,
            secrets=[secret], at=at,
        )  # fmt: skip

    def test_hold_while_a_secret_is_changed(self) -> None:
        other = sign_standard(body=BODY, secret="whsec_b3RoZXI=", at=AT)
        good = sign_standard(body=BODY, secret=SECRET, at=AT)
        verify(signatures=f"{other} v1a,ignored {good}")
        verify(secrets=["whsec_b3RoZXI=", SECRET])

    @pytest.mark.parametrize(
        "changes",
        [
            {"body": BODY + b" "},
            {"message_id": "msg_2"},
            {"message_id": ""},
            {"timestamp": ""},
            {"timestamp": "1e9"},
            {"timestamp": "-5"},
            {"signatures": ""},
            {"signatures": "v1,"},
            {"signatures": "v2,abc"},
            {"secrets": []},
            {"secrets": ["whsec_b3RoZXI="]},
            {"at": AT + timedelta(seconds=301)},
            {"at": AT - timedelta(seconds=301)},
        ],
    )
    def test_refuse_everything_else(self, changes: dict[str, Any]) -> None:
        with pytest.raises(SignatureInvalid):
            verify(**changes)

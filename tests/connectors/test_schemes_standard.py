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
    given = {
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

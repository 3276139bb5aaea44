from __future__ import annotations

import json

import pytest

from connectors.contract import SignatureInvalid
from connectors.schemes import (
    sign_client_state,
    verify_client_state,
    without_client_state,
)

SECRET = "a-state-of-sixteen-or-more"
BODY = b'{"value": [{"resource": "customers(1)"}, {"resource": "customers(2)"}]}'


class TestClientState:
    def test_stands_in_every_notification(self) -> None:
        body = sign_client_state(body=BODY, secret=SECRET)
        assert [one["clientState"] for one in json.loads(body)["value"]] == [SECRET] * 2
        verify_client_state(body=body, secrets=["another-of-sixteen-or-more", SECRET])

    def test_one_notification_without_it_spoils_the_call(self) -> None:
        told = json.loads(sign_client_state(body=BODY, secret=SECRET))
        del told["value"][1]["clientState"]
        with pytest.raises(SignatureInvalid):
            verify_client_state(body=json.dumps(told).encode(), secrets=[SECRET])

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"{}", b'{"value": []}', b'{"value": ["x"]}', b'{"value": {}}', BODY],
    )
    def test_refuses_what_is_none(self, body: bytes) -> None:
        with pytest.raises(SignatureInvalid):
            verify_client_state(body=body, secrets=[SECRET])

    def test_a_short_or_absent_secret_is_never_enough(self) -> None:
        for secret in ("", "short"):
            with pytest.raises(SignatureInvalid):
                verify_client_state(
                    body=sign_client_state(body=BODY, secret=secret), secrets=[secret]
                )

    def test_is_not_kept_however_its_sender_wrote_it(self) -> None:
        secret = 'a+state/with"quotes\\of-sixteen'
        body = sign_client_state(body=BODY, secret=secret).replace(b"+", b"\\u002B")
        verify_client_state(body=body, secrets=[secret])
        kept = json.loads(without_client_state(body))["value"]
        assert kept == [{"resource": f"customers({n})", "clientState": "(secret)"} for n in (1, 2)]

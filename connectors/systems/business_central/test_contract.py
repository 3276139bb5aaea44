from __future__ import annotations

import json

import pytest
from starlette.types import ASGIApp

from connectors.contract import SignatureInvalid
from connectors.systems.business_central import desk, sandbox
from connectors.systems.business_central.connector import connector
from connectors.testing import ErpContract, SignInContract, SourceContract

NOTIFICATION = {
    "subscriptionId": "webhookCustomersId",
    "clientState": sandbox.STATE,
    "expirationDateTime": "2026-10-29T07:52:31Z",
    "resource": "api/v2.0/companies(b18aed47)/customers(26814998)",
    "changeType": "updated",
    "lastModifiedDateTime": "2026-10-26T12:54:20.467Z",
}


class TestBusinessCentral(SourceContract, ErpContract, SignInContract):
    connector = connector
    settings = desk.SETTINGS
    page = "connectors.systems.business_central.wire.PAGE"
    drafts = True
    keyless_customers = True
    other_ids = False

    def build(self) -> ASGIApp:
        return sandbox.build()

    def test_accepts_a_signed_call_and_refuses_all_others(self) -> None:
        """Notifications repeat the secret of their subscription in their body."""
        body = json.dumps({"value": [NOTIFICATION, NOTIFICATION]}).encode()
        self.verify(body, {}, ["another-secret-16", sandbox.STATE])
        other = {**NOTIFICATION, "clientState": "guessed"}
        for told, secrets in (
            ([NOTIFICATION], []),
            ([NOTIFICATION, other], [sandbox.STATE]),
            ([other], [sandbox.STATE]),
            ([], [sandbox.STATE]),
        ):
            with pytest.raises(SignatureInvalid):
                self.verify(json.dumps({"value": told}).encode(), {}, secrets)

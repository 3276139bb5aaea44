from __future__ import annotations

import pytest
from starlette.types import ASGIApp

from connectors.contract import Command, SignatureInvalid
from connectors.systems.salesforce import desk, sandbox
from connectors.systems.salesforce.connector import connector
from connectors.testing import SignInContract, SinkContract, SourceContract


class TestSalesforce(SourceContract, SinkContract, SignInContract):
    connector = connector
    settings = desk.SETTINGS

    def build(self) -> ASGIApp:
        return sandbox.build()

    def command(self, number: int) -> Command:
        return desk.invoice_state(number)

    def refused_command(self) -> Command:
        return desk.invoice_state(99, account_id="0015g0000000zzzAAA")

    def test_accepts_a_signed_call_and_refuses_all_others(self) -> None:
        """Outbound messages are not signed: they name their organization."""
        body = desk.outbound_message()
        self.verify(body, {}, ["00D000000000000", sandbox.ORGANIZATION])
        for refused, secrets in (
            (body, ["00D000000000000AAA"]),
            (body, []),
            (body, [""]),
            (body.replace(sandbox.ORGANIZATION.encode(), b""), [sandbox.ORGANIZATION, ""]),
            (b"{}", [sandbox.ORGANIZATION]),
            (b"<x/>", [sandbox.ORGANIZATION]),
        ):
            with pytest.raises(SignatureInvalid):
                self.verify(refused, {}, secrets)

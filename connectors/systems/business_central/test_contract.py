from __future__ import annotations

import json

import httpx
import pytest
from starlette.types import ASGIApp

from connectors.contract import Outcome, SignatureInvalid
from connectors.http import Client
from connectors.systems.business_central import desk, sandbox
from connectors.systems.business_central.connector import connector
from connectors.systems.business_central.sandbox import chart
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

    def test_a_customer_is_made_once_and_changed_when_it_changed(self) -> None:
        """A customer has no field for a key: it is known by its number, and found by no key."""

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            first = await self.send_one(client, self.books.customer(7))
            again = await self.send_one(client, self.books.customer(7))
            changed = self.books.customer(7, revision=2, name="Acme Renamed")
            renamed = await self.send_one(client, changed)
            outcomes = [one.outcome for one in (first, again, renamed)]
            assert outcomes == [Outcome.OK, Outcome.ALREADY_DONE, Outcome.OK]
            assert first.external_id == again.external_id == renamed.external_id
            assert await self.connector.find(client, self.settings, [changed.key]) == {}
            named = [row.party for row in await self.listed(client, "customer")]
            companies = len(chart.COMPANIES)
            assert named.count("Acme Renamed") == companies, "one in each company"

        self.run(story)

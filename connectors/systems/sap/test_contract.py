from __future__ import annotations

import httpx
from starlette.types import ASGIApp

from connectors.contract import Outcome
from connectors.http import Client
from connectors.systems.sap import desk, sandbox
from connectors.systems.sap.connector import connector
from connectors.testing import ErpContract


class TestSap(ErpContract):
    connector = connector
    settings = desk.SETTINGS
    page = "connectors.systems.sap.wire.PAGE"

    def build(self) -> ASGIApp:
        return sandbox.build()

    def test_a_customer_is_made_once_and_changed_when_it_changed(self) -> None:
        """A business partner has no field for a key: it is known by our id, and found by no key."""

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
            assert named.count("Acme Renamed") == 1

        self.run(story)

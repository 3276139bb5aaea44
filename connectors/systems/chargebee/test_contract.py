from __future__ import annotations

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp

from connectors import billing
from connectors.contract import Settings
from connectors.http import Client
from connectors.systems.chargebee import sandbox
from connectors.systems.chargebee.connector import connector
from connectors.testing import LOOPBACK, Billed, BillerContract, SnapshotContract, SourceContract

_SETTINGS = Settings(
    slug="chargebee", base_url=LOOPBACK, secrets={"api_key": sandbox.API_KEY}, zone="UTC"
)


class TestChargebee(SourceContract, SnapshotContract):
    connector = connector
    settings = _SETTINGS
    days = ("2026-01-01", "2026-01-31")
    page = "connectors.systems.chargebee.listing.PAGE_SIZE"

    def build(self) -> ASGIApp:
        return sandbox.build()

    async def furnish(self, client: Client, sandbox: httpx.AsyncClient) -> None:
        at = 1_768_000_000
        for name, given in (
            ("customers", {"count": 3, "declined": 1, "at": at}),
            ("credit", {"at": at + 86_400}),
            ("refund", {"at": at + 90_000}),
            ("write_off", {"at": at + 95_000}),
            ("issue", {"at": at + 40 * 86_400}),
        ):
            answer = await sandbox.post(f"/_control/scenario/{name}", json=given)
            assert answer.status_code == 200, answer.text


class _Sink(BillerContract):
    connector = connector
    settings = _SETTINGS

    def build(self) -> Starlette:
        app = sandbox.build()
        business = app.state.sandbox.business
        business.item_price(id="growth-USD", price=100_000)
        who = business.create_customer(company="Ash")["id"]
        taxed = {"items": [("growth-USD", 1)], "tax_rate": "8.25"}
        running = business.subscribe(who, pays=None, **taxed)["id"]
        unpaid = business.world.latest("invoice")
        business.subscribe(who, pays=True, **taxed)
        paid = business.world.latest("invoice")
        self.billed = Billed(
            customer=who,
            other_ids={"salesforce_id": "001A"},
            price="growth-USD",
            subscription=running,
            open=(unpaid["id"], unpaid["line_items"][0]["id"]),
            paid=(paid["id"], paid["line_items"][0]["id"]),
        )
        return app


class TestSubscriptions(_Sink):
    kind = billing.SUBSCRIPTION


class TestCharges(_Sink):
    kind = billing.INVOICE_ITEM


class TestCreditNotes(_Sink):
    kind = billing.CREDIT_NOTE


class TestCreditNotesAsBalance(TestCreditNotes):
    settles = "balance"

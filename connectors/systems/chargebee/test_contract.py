from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp

from connectors.contract import Command, Settings
from connectors.http import Client
from connectors.systems.chargebee import payloads, sandbox
from connectors.systems.chargebee.connector import connector
from connectors.testing import LOOPBACK, SinkContract, SnapshotContract, SourceContract
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps

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


class _Sink(SinkContract):
    """A sandbox in which one customer has a subscription, an open invoice and a paid one."""

    connector = connector
    settings = _SETTINGS
    kind: ClassVar[str]
    made: dict[str, Any]

    def build(self) -> Starlette:
        app = sandbox.build()
        business = app.state.sandbox.business
        business.item_price(id="growth-USD", price=100_000)
        who = business.create_customer(company="Ash")["id"]
        taxed = {"items": [("growth-USD", 1)], "tax_rate": "8.25"}
        subscription = business.subscribe(who, pays=None, **taxed)["id"]
        unpaid = business.world.latest("invoice")
        business.subscribe(who, pays=True, **taxed)
        paid = business.world.latest("invoice")
        self.made = {"subscription": subscription, "who": who, "open": unpaid, "paid": paid}
        return app

    def command(self, number: int) -> Command:
        return self.asking(f"rc1-{number:032d}", self.payload(number))

    def refused_command(self) -> Command:
        return self.asking(f"rc1-{99:032d}", self.refused_payload())

    def asking(self, key: str, payload: dict[str, Any]) -> Command:
        return Command(
            key=key,
            kind=self.kind,
            payload=payload,
            payload_sha256=sha256(dumps(payload)),
            correlation_id="story-1",
        )

    @abstractmethod
    def payload(self, number: int) -> dict[str, Any]: ...

    @abstractmethod
    def refused_payload(self) -> dict[str, Any]: ...


class TestSubscriptions(_Sink):
    kind = payloads.SUBSCRIPTION

    def payload(self, number: int) -> dict[str, Any]:
        return {
            "customer": {"name": "Ash", "other_ids": {"salesforce_id": "001A"}},
            "items": [{"price": "growth-USD", "quantity": number + 1}],
            "contract_ref": f"800{number}",
            "days_until_due": 30,
            "legal_entity": "US-INC",
        }

    def refused_payload(self) -> dict[str, Any]:
        return self.payload(9) | {"items": [{"price": "unknown-USD"}]}


class TestCharges(_Sink):
    kind = payloads.INVOICE_ITEM

    def payload(self, number: int) -> dict[str, Any]:
        return {
            "customer_id": self.made["who"],
            "subscription_id": self.made["subscription"],
            "currency": "USD",
            "amount": 12_345 + number,
            "quantity": "1234.5",
            "description": "API calls, January " * 20,
            "sku": "calls-USD",
            "usage_ref": f"rated-{number}",
            "period": {"start": "2026-01-01", "end": "2026-01-31"},
        }

    def refused_payload(self) -> dict[str, Any]:
        return self.payload(9) | {"subscription_id": "sub_unknown"}


class TestCreditNotes(_Sink):
    kind = payloads.CREDIT_NOTE
    settles = "invoice"

    def payload(self, number: int) -> dict[str, Any]:
        invoice = self.made["open" if self.settles == "invoice" else "paid"]
        return {
            "invoice_id": invoice["id"],
            "currency": "USD",
            "lines": [{"invoice_line_id": invoice["line_items"][0]["id"], "amount": 900 + number}],
            "credit_type": "goodwill",
            "settles": self.settles,
            "credit_request_id": f"req-{number}",
            "memo": "Two days down",
        }

    def refused_payload(self) -> dict[str, Any]:
        whole = self.payload(9)
        return whole | {"lines": [{**whole["lines"][0], "amount": 999_999}]}


class TestCreditNotesAsBalance(TestCreditNotes):
    settles = "balance"

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.types import ASGIApp

from connectors.contract import Command, Settings
from connectors.systems.stripe import payloads, sandbox
from connectors.systems.stripe.connector import connector
from connectors.systems.stripe.sandbox import objects
from connectors.systems.stripe.sandbox.business import Business
from connectors.testing import LOOPBACK, SinkContract, SourceContract
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps

_SETTINGS = Settings(
    slug="stripe", base_url=LOOPBACK, secrets={"api_key": sandbox.API_KEY}, zone="UTC"
)


class TestStripe(SourceContract):
    connector = connector
    settings = _SETTINGS

    def build(self) -> ASGIApp:
        return sandbox.build()


class _Sink(SinkContract):
    """A sandbox in which one customer has a subscription, an open invoice and a paid one."""

    connector = connector
    settings = _SETTINGS
    kind: ClassVar[str]
    made: dict[str, Any]

    def build(self) -> Starlette:
        app = sandbox.build()
        business: Business = app.state.business
        business.create_price(id="price_x", currency="usd", unit_amount=1000, interval="month")
        who = business.create_customer(name="Acme", metadata={"salesforce_account_id": "001A"})
        invoices = []
        for pays in (False, True):
            line = objects.line(
                amount=100_000, currency="usd", description="Plan", start=1_767_225_600,
                end=1_769_904_000,
            )  # fmt: skip
            draft = business.draft(customer=who["id"], lines=[line], tax_percent="8.25")
            business.finalize(draft["id"])
            if pays:
                business.pay(draft["id"])
            invoices.append(draft)
        self.made = {"customer": who["id"], "open": invoices[0], "paid": invoices[1]}
        return app

    def command(self, number: int) -> Command:
        return self.asking(f"rc1-{self.kind.split('.')[1]}-{number:08d}", self.payload(number))

    def refused_command(self) -> Command:
        return self.asking("rc1-refused-00000099", self.refused_payload())

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
            "customer": {"other_ids": {"salesforce_account_id": "001A"}},
            "items": [{"price": "price_x", "quantity": number + 1}],
            "contract_ref": f"800{number}",
            "days_until_due": 30,
            "legal_entity": "US-INC",
        }

    def refused_payload(self) -> dict[str, Any]:
        return self.payload(9) | {"items": [{"price": "price_unknown"}]}


class TestInvoiceItems(_Sink):
    kind = payloads.INVOICE_ITEM

    def payload(self, number: int) -> dict[str, Any]:
        return {
            "customer_id": self.made["customer"],
            "currency": "USD",
            "amount": 12_345 + number,
            "quantity": "1234.5",
            "description": "API calls, January",
            "sku": "usage_api",
            "usage_ref": f"rated-{number}",
            "period": {"start": "2026-01-01", "end": "2026-01-31"},
        }

    def refused_payload(self) -> dict[str, Any]:
        return self.payload(9) | {"customer_id": "cus_unknown"}


class TestCreditNotes(_Sink):
    kind = payloads.CREDIT_NOTE
    settles = "invoice"

    def payload(self, number: int) -> dict[str, Any]:
        invoice = self.made["open" if self.settles == "invoice" else "paid"]
        line = invoice["lines"]["data"][0]["id"]
        return {
            "invoice_id": invoice["id"],
            "currency": "USD",
            "lines": [{"invoice_line_id": line, "amount": 10_000 + number}],
            "credit_type": "goodwill",
            "settles": self.settles,
            "credit_request_id": f"req-{number}",
        }

    def refused_payload(self) -> dict[str, Any]:
        whole = self.payload(9)
        return whole | {"lines": [{**whole["lines"][0], "amount": 999_999}]}


class TestCreditNotesAsBalance(TestCreditNotes):
    settles = "balance"


class TestCreditNotesAsRefund(TestCreditNotes):
    settles = "refund"

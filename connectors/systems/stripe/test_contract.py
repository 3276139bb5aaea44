from __future__ import annotations

from starlette.applications import Starlette
from starlette.types import ASGIApp

from connectors import billing
from connectors.contract import Settings
from connectors.systems.stripe import sandbox
from connectors.systems.stripe.connector import connector
from connectors.systems.stripe.sandbox import objects
from connectors.systems.stripe.sandbox.business import Business
from connectors.testing import LOOPBACK, Billed, BillerContract, SourceContract

_SETTINGS = Settings(
    slug="stripe", base_url=LOOPBACK, secrets={"api_key": sandbox.API_KEY}, zone="UTC"
)


class TestStripe(SourceContract):
    connector = connector
    settings = _SETTINGS

    def build(self) -> ASGIApp:
        return sandbox.build()


class _Sink(BillerContract):
    connector = connector
    settings = _SETTINGS

    def build(self) -> Starlette:
        app = sandbox.build()
        business: Business = app.state.business
        business.create_price(id="price_x", currency="usd", unit_amount=1000, interval="month")
        who = business.create_customer(name="Ash", metadata={"salesforce_account_id": "001A"})["id"]
        running = business.subscribe(customer=who, items=[("price_x", 1)], pays=True)
        self.billed = Billed(
            customer=who,
            other_ids={"salesforce_id": "001A"},
            price="price_x",
            subscription=running["id"],
            open=_invoice(business, who, pays=False),
            paid=_invoice(business, who, pays=True),
        )
        return app


def _invoice(business: Business, who: str, *, pays: bool) -> tuple[str, str]:
    line = objects.line(
        amount=100_000, currency="usd", description="Plan", start=1_767_225_600, end=1_769_904_000
    )
    made = business.draft(customer=who, lines=[line], tax_percent="8.25")
    business.finalize(made["id"])
    if pays:
        business.pay(made["id"])
    return made["id"], made["lines"]["data"][0]["id"]


class TestSubscriptions(_Sink):
    kind = billing.SUBSCRIPTION


class TestInvoiceItems(_Sink):
    kind = billing.INVOICE_ITEM


class TestCreditNotes(_Sink):
    kind = billing.CREDIT_NOTE


class TestCreditNotesAsBalance(TestCreditNotes):
    settles = "balance"


class TestCreditNotesAsRefund(TestCreditNotes):
    settles = "refund"

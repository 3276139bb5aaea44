from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp

from connectors.contract import Command, Settings
from connectors.postings import INVOICE, JOURNAL, PAYMENT
from connectors.systems.netsuite import sandbox
from connectors.systems.netsuite.connector import connector
from connectors.systems.netsuite.sandbox import chart
from connectors.testing import LOOPBACK, ErpContract, SignInContract
from connectors.testing.books import line

SETTINGS = Settings(
    slug="netsuite",
    base_url=LOOPBACK,
    parameters={
        "account": "1234567-sb1",
        "certificate_id": sandbox.CERTIFICATE_ID,
        "subsidiaries": chart.MAPPED,
    },
    secrets={"client_id": sandbox.CLIENT_ID, "private_key": sandbox.PRIVATE_KEY},
)


class TestNetSuite(ErpContract, SignInContract):
    connector = connector
    settings = SETTINGS
    page = "connectors.systems.netsuite.listing.PAGE"

    def build(self) -> ASGIApp:
        return sandbox.build()

    def unfit(self) -> Mapping[str, Command]:
        books, owed = self.books, line("1100", credit=1000, customer="cus_1")
        fee = [line("1050", debit=900), line("6100", debit=100), owed]
        cash = [line("1100", debit=1000, customer="cus_1"), line("1000", credit=1000)]
        nowhere = [line("6100", debit=5, cost_centre="Nowhere"), line("1000", credit=5)]
        return {
            **super().unfit(),
            "document_unfit": books.command(PAYMENT, 1, fee),
            "item_missing": books.command(INVOICE, 2, cash),
            "currency_mismatch": books.invoice(5, document_currency="EUR"),
            "invoice_missing": books.payment(6, of=books.invoice(99)),
            "cost_centre_unknown": books.command(JOURNAL, 7, nowhere),
        }

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp

from connectors.contract import Command, Settings
from connectors.postings import PAYMENT
from connectors.systems.oracle_fusion import sandbox
from connectors.systems.oracle_fusion.connector import connector
from connectors.systems.oracle_fusion.sandbox import chart
from connectors.testing import LOOPBACK, ErpContract
from connectors.testing.books import line

SETTINGS = Settings(
    slug="oracle_fusion",
    base_url=LOOPBACK,
    parameters={
        "pod": "acme",
        "username": sandbox.USERNAME,
        "books": chart.BOOKS,
        "account_pattern": chart.PATTERN,
        "account_value_set": chart.VALUE_SET,
        "autopost_criteria": chart.AUTOPOST,
        "receipt_methods": chart.RECEIPT_METHODS,
    },
    secrets={"password": sandbox.PASSWORD},
)


class TestOracleFusion(ErpContract):
    connector = connector
    settings = SETTINGS
    page = "connectors.systems.oracle_fusion.listing.PAGE"
    drafts = True
    # Its REST makes credit memos on account: people apply them. Receipts are matched.
    applies_credits = False

    def build(self) -> ASGIApp:
        return sandbox.build()

    def unfit(self) -> Mapping[str, Command]:
        books, owed = self.books, line("1100", credit=1000, customer="cus_1")
        fee = [line("1050", debit=900), line("6100", debit=100), owed]
        cash = [line("2400", debit=1000), owed]
        return {
            **super().unfit(),
            "document_unfit": books.command(PAYMENT, 1, fee),
            "receipt_method_missing": books.command(PAYMENT, 2, cash),
            "currency_mismatch": books.invoice(5, document_currency="EUR"),
            "company_missing": books.journal(6, legal_entity="FR-SAS"),
            "period_missing": books.journal(7, accounting_date="2019-01-31"),
        }

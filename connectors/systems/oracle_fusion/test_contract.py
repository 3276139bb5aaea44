from __future__ import annotations

import httpx
from starlette.types import ASGIApp

from connectors.contract import Outcome, Settings
from connectors.http import Client
from connectors.systems.oracle_fusion import sandbox
from connectors.systems.oracle_fusion.connector import connector
from connectors.systems.oracle_fusion.sandbox import chart
from connectors.testing import LOOPBACK, ErpContract

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

    def build(self) -> ASGIApp:
        return sandbox.build()

    def test_settles_an_invoice_by_its_credit_memo_and_payment(self) -> None:
        """Its REST makes credit memos on account: people apply them. Receipts are matched."""

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            books = self.books
            invoice = books.invoice(1)
            dues = []
            for command in (
                invoice,
                books.credit_memo(2, of=invoice),
                books.payment(3, of=invoice, amount=1_299_000),
            ):
                assert (await self.send_one(client, command)).outcome is Outcome.OK, command.kind
                rows = await self.listed(client, "invoice")
                dues.append([row.due for row in rows if row.key == invoice.key])
            assert dues == [[1_299_000], [1_299_000], [0]]

        self.run(story)

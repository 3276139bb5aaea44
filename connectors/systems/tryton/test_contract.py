from __future__ import annotations

from starlette.types import ASGIApp

from connectors.contract import Command, Settings
from connectors.systems.tryton import sandbox
from connectors.systems.tryton.connector import connector
from connectors.systems.tryton.desk import customer, invoice, line
from connectors.systems.tryton.settlements import credit_memo, payment
from connectors.testing import LOOPBACK, ErpContract, SinkContract


class TestTryton(ErpContract):
    connector = connector
    settings = Settings(
        slug="tryton",
        base_url=LOOPBACK,
        parameters={"database": "erp", "login": "revops"},
        secrets={"api_key": sandbox.API_KEY, "password": sandbox.PASSWORD},
    )
    page = "connectors.systems.tryton.listing.PAGE"
    drafts = True

    def build(self) -> ASGIApp:
        return sandbox.build({})


class Sink(SinkContract):
    """Of each of its commands; what none of them is said of once suffices."""

    connector = connector
    settings = TestTryton.settings

    def build(self) -> ASGIApp:
        return sandbox.build({})


class TestTrytonsInvoices(Sink):
    def command(self, number: int) -> Command:
        return invoice(number)

    def refused_command(self) -> Command:
        lines = [line("1100", debit=1, customer="cus_1"), line("2400", credit=1)]
        return invoice(99, lines=lines)


class TestTrytonsCreditMemos(Sink):
    def command(self, number: int) -> Command:
        return credit_memo(number, 1_100)

    def refused_command(self) -> Command:
        return invoice(
            99, kind="credit_memo.post", lines=[line("2400", debit=1), line("4000", credit=1)]
        )


class TestTrytonsPayments(Sink):
    def command(self, number: int) -> Command:
        return payment(number, 1_000, (invoice(number + 100), 1_000))

    def refused_command(self) -> Command:
        return payment(99, 1_000, (invoice(1), 1_000), accounting_date="1999-01-01")


class TestTrytonsCustomers(Sink):
    def command(self, number: int) -> Command:
        return customer(number)

    def refused_command(self) -> Command:
        return customer(99, tax_id="DE123?")

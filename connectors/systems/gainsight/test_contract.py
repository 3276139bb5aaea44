from __future__ import annotations

from starlette.types import ASGIApp

from connectors.contract import Command, Settings
from connectors.systems.gainsight import sandbox
from connectors.systems.gainsight.connector import connector
from connectors.systems.gainsight.desk import customer, entitlement, signal
from connectors.testing import LOOPBACK, SinkContract, SourceContract


class TestGainsight(SourceContract, SinkContract):
    connector = connector
    settings = Settings(
        slug="gainsight", base_url=LOOPBACK, secrets={"access_key": sandbox.ACCESS_KEY}
    )

    def build(self) -> ASGIApp:
        return sandbox.build()

    def command(self, number: int) -> Command:
        return customer(number)

    def refused_command(self) -> Command:
        return customer(99, name="x" * 300)


class _OfACompany(SinkContract):
    """Records of our own objects, for a company that is there."""

    connector = connector
    settings = TestGainsight.settings

    def build(self) -> ASGIApp:
        app = sandbox.build()
        tables = app.state.sandbox.tables
        tables.add("Company", {"Name": "Cedar Health", tables.names.customer_field: "party-1"})
        return app


class TestGainsightsEntitlements(_OfACompany):
    def command(self, number: int) -> Command:
        return entitlement(number)

    def refused_command(self) -> Command:
        return entitlement(99, customer={"customer_id": "party-nobody"})


class TestGainsightsSignals(_OfACompany):
    def command(self, number: int) -> Command:
        return signal(number)

    def refused_command(self) -> Command:
        return signal(99, detail="x" * 300)

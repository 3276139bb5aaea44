from __future__ import annotations

from typing import ClassVar

import httpx
import pytest
from starlette.types import ASGIApp

from connectors.contract import Command, Outcome, Settings
from connectors.http import Client
from connectors.systems.gainsight import sandbox
from connectors.systems.gainsight.connector import connector
from connectors.systems.gainsight.desk import customer, entitlement, signal
from connectors.systems.gainsight.payloads import KINDS
from connectors.testing import (
    LOOPBACK,
    SignInContract,
    SinkContract,
    SnapshotContract,
    SourceContract,
)


class TestGainsight(SourceContract, SinkContract, SnapshotContract):
    connector = connector
    settings = Settings(
        slug="gainsight", base_url=LOOPBACK, secrets={"access_key": sandbox.ACCESS_KEY}
    )
    # The sandbox makes companies at the hour it is.
    days: ClassVar = ("2026-01-01", "2099-12-31")
    page = "connectors.systems.gainsight.listing.PAGE"

    def build(self) -> ASGIApp:
        return sandbox.build()

    async def furnish(self, client: Client, sandbox: httpx.AsyncClient) -> None:
        answer = await sandbox.post("/_control/scenario/customers", json={"count": 5})
        assert answer.status_code == 200, answer.text

    def command(self, number: int) -> Command:
        return customer(number)

    def refused_command(self) -> Command:
        return customer(99, name="x" * 300)


class TestGainsightByTokens(SignInContract, SinkContract):
    """Signed in by machine-to-machine OAuth."""

    connector = connector
    settings = Settings(
        slug="gainsight",
        base_url=LOOPBACK,
        parameters={"sign_in": "m2m"},
        secrets={"client_id": sandbox.CLIENT_ID, "client_secret": sandbox.CLIENT_SECRET},
    )

    def build(self) -> ASGIApp:
        return sandbox.build()

    def command(self, number: int) -> Command:
        return customer(number)

    def refused_command(self) -> Command:
        return customer(99, name="x" * 300)

    def test_a_token_that_ended_during_a_batch_leaves_each_record_once(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, customer(1))
            await sandbox.post("/_control/sign_in", json={"expire": True})
            receipts = await connector.send(client, self.settings, [customer(2), customer(3)])
            assert [one.outcome for one in receipts] == [Outcome.OK] * 2
            told = (await sandbox.get("/_control/state")).json()
            assert told["counts"]["Company"] == 3

        self.run(story)


class TestGainsightsHierarchy(SinkContract):
    """Each company below one that is there."""

    connector = connector
    settings = TestGainsight.settings

    def build(self) -> ASGIApp:
        return _with_a_company()

    def command(self, number: int) -> Command:
        return customer(number + 10, parent={"customer_id": "party-1"})

    def refused_command(self) -> Command:
        return customer(99, parent={"customer_id": "party-nobody"})

    def test_is_what_stands_there(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            receipt = await self.send_one(client, self.command(1))
            rows = (await sandbox.get("/_control/state")).json()["records"]["Company"]
            by_id = {row["Gsid"]: row for row in rows}
            above = by_id[by_id[receipt.external_id]["ParentCompany"]]
            assert above["Name"] == "Cedar Health"

        self.run(story)


class _OfACompany(SinkContract):
    """Records of our own objects, for a company that is there."""

    connector = connector
    settings = TestGainsight.settings

    def build(self) -> ASGIApp:
        return _with_a_company()


class TestGainsightsEntitlements(_OfACompany):
    def command(self, number: int) -> Command:
        return entitlement(number)

    def refused_command(self) -> Command:
        return entitlement(99, customer={"customer_id": "party-nobody"})

    def test_say_what_was_taken_back(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, entitlement(1))
            revoked = entitlement(1, revision=2, state="revoked", ends_on="2026-06-30")
            assert (await self.send_one(client, revoked)).outcome is Outcome.OK
            (row,) = (await sandbox.get("/_control/state")).json()["records"]["Entitlement__gc"]
            assert row["State__gc"] == "revoked"

        self.run(story)


class TestGainsightsSignals(_OfACompany):
    def command(self, number: int) -> Command:
        return signal(number)

    def refused_command(self) -> Command:
        return signal(99, detail="x" * 300)

    @pytest.mark.parametrize("about", ["payment", "credit", "dispute", "invoice"])
    def test_tell_of_payments_credits_disputes_and_invoices(self, about: str) -> None:
        kinds = [kind for kind in KINDS if kind.startswith(about)]

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            commands = [signal(number, kind=kind) for number, kind in enumerate(kinds)]
            receipts = await connector.send(client, self.settings, commands)
            assert [one.outcome for one in receipts] == [Outcome.OK] * len(kinds)
            rows = (await sandbox.get("/_control/state")).json()["records"]["Payment_Signal__gc"]
            assert sorted(row["Kind__gc"] for row in rows) == sorted(kinds)

        assert kinds
        self.run(story)


def _with_a_company() -> ASGIApp:
    app = sandbox.build()
    tables = app.state.sandbox.tables
    tables.add("Company", {"Name": "Cedar Health", tables.names.customer_field: "party-1"})
    return app

"""A journal on its way into Fusion through delivery: uploaded, imported, posted, once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from connectors.contract import Command
from connectors.http import Client
from connectors.systems.oracle_fusion import sandbox
from connectors.systems.oracle_fusion.connector import FusionConnector
from connectors.systems.oracle_fusion.test_contract import SETTINGS
from connectors.testing.books import Books
from revops.delivery.drain import Drain, Target
from revops.delivery.models import Gate, OutboundCommand
from revops.delivery.operations import Order, enqueue
from revops.kernel.strict_json import dumps
from revops.store import sql
from tests import factories as make

BOOKS = Books()


class Line:
    """A connection that leads to a sandbox in this process, and its drain."""

    def __init__(self) -> None:
        self.app = sandbox.build()
        self.wire = httpx.ASGITransport(app=self.app)
        self.connection = make.a_connection("fusion", "oracle_fusion")
        make.a_gate(self.connection)
        self.entity = make.a_legal_entity()

    def control(self, what: str, **value: Any) -> None:
        self.door("POST", what, json=value)

    def look(self, what: str) -> Any:
        return self.door("GET", what)

    def door(self, method: str, what: str, **given: Any) -> Any:
        async def inside() -> Any:
            async with httpx.AsyncClient(transport=self.wire, base_url="http://sandbox") as door:
                answer = await door.request(method, f"/_control/{what}", **given)
            return answer.raise_for_status().json()

        return asyncio.run(inside())

    def enqueue(self, command: Command) -> None:
        order = Order(
            connection_id=self.connection.pk, lane="primary", legal_entity_id=self.entity.pk,
            legal_entity="US-INC", document_type=command.payload["document_type"],
            business_key=command.payload["business_key"], revision=1, kind=command.kind,
            payload=dumps(command.payload), subject_kind="journal", subject_id=1, currency="USD",
            amount=1, period_code="2026-03", correlation_id="",
        )  # fmt: skip
        assert enqueue([order]) == 1

    def drained(self) -> OutboundCommand:
        """Whatever is waited for has come; the command after a turn of the drain."""
        sql.run("UPDATE delivery_outboundcommand SET next_at = now()", ())
        Gate.objects.update(not_before=None)
        connector = FusionConnector()
        target = Target(
            connection_id=self.connection.pk,
            sink=connector,
            settings=SETTINGS,
            manifest=connector.manifest,
            open_client=lambda: Client(
                SETTINGS.base_url, hosts=(), allow_loopback=True, transport=self.wire
            ),
            lease=60,
        )
        Drain(target, drainer="test", told=lambda *told: None).run(seconds=5, linger=0)
        return OutboundCommand.objects.get()


@pytest.fixture
def line(transactional_db: None) -> Line:
    return Line()


class TestAJournal:
    def test_is_uploaded_once_however_long_fusion_takes_for_it(self, line: Line) -> None:
        command = BOOKS.journal(1)
        line.enqueue(command)
        line.control("faults", import_waits=True)
        for _ in range(2):
            held = line.drained()
            assert (held.state, held.code) == ("retry_wait", "importing")
            assert held.drafted_id.startswith("request:")
        assert line.look("requests")["import"] == 1
        # It alone waits: Fusion works, and does not ask anybody to slow down.
        gate = Gate.objects.get()
        assert (gate.not_before, gate.slow_start, gate.failures) == (None, 0, 0)

        line.control("imports", work=True)
        posted = line.drained()
        assert (posted.state, posted.drafted_id) == ("posted", "")
        assert str(posted.external_id).startswith("batch:")
        assert [one["state"] for one in line.look("moves")] == ["posted"]
        assert Gate.objects.get().failures == 0

    def test_whose_upload_was_not_answered_is_asked_about_and_not_sent_again(
        self, line: Line
    ) -> None:
        line.enqueue(BOOKS.journal(1))
        line.control("faults", response_lost={"times": 1, "seconds": 0.01})
        assert line.drained().state == "unknown"
        sql.run("UPDATE delivery_outboundcommand SET settle_until = now()", ())
        # Imported it is, but not posted: that is taken up, and no other file is sent.
        for _ in range(3):
            if line.drained().state == "posted":
                break
        assert OutboundCommand.objects.get().state == "posted"
        assert len(line.look("moves")) == 1
        assert line.look("requests")["import"] == 1

    def test_whose_unanswered_upload_still_waits_there_stays_in_doubt_until_it_ends(
        self, line: Line
    ) -> None:
        line.enqueue(BOOKS.journal(1))
        lost = {"times": 1, "seconds": 0.01}
        line.control("faults", response_lost=lost, import_waits=True)
        assert line.drained().state == "unknown"
        sql.run("UPDATE delivery_outboundcommand SET settle_until = now()", ())
        line.control("imports", older_by=4 * 3600)
        for _ in range(2):
            held = line.drained()
            assert held.state == "unknown"
            assert "may be this import" in held.reason
        assert line.look("requests")["import"] == 1

        line.control("imports", work=True)
        for _ in range(3):
            if line.drained().state == "posted":
                break
        assert OutboundCommand.objects.get().state == "posted"
        assert [one["state"] for one in line.look("moves")] == ["posted"]
        assert line.look("requests")["import"] == 1

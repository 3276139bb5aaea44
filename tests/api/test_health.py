"""What a load balancer and whoever is on call are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from revops.api import health
from revops.delivery.decide import State
from revops.events.models import InboxState
from revops.kernel import clock
from revops.pipeline.models import Heartbeat
from revops.store import sql
from tests.factories import a_command, a_connection, a_gate, a_journal, an_event


def readyz() -> Any:
    return Client().get("/readyz")


class TestHealthz:
    def test_answers_without_a_database(self) -> None:
        # This test has no access to one: any query would raise.
        answer = Client().get("/healthz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")

    def test_changes_nothing(self) -> None:
        assert Client().post("/healthz").status_code == 405


@pytest.mark.django_db
class TestReadyz:
    def test_is_ready_when_everything_answers(self) -> None:
        Heartbeat.beat("sweeper")
        found = readyz()
        assert found.status_code == 200
        assert found.json()["status"] == "ready"
        assert all(check["ok"] for check in found.json()["checks"].values())

    def test_is_degraded_and_still_takes_events_without_a_broker(self, settings: Any) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:9/0"
        Heartbeat.beat("sweeper")
        found = readyz()
        assert (found.status_code, found.json()["status"]) == (200, "degraded")
        assert found.json()["checks"]["broker"] == {"ok": False, "problem": "ConnectionError"}

    def test_tells_when_nobody_sweeps(self) -> None:
        Heartbeat.objects.create(name="sweeper", at=clock.now() - timedelta(seconds=61))
        sweeper = readyz().json()["checks"]["sweeper"]
        assert not sweeper["ok"]
        assert sweeper["seconds_ago"] >= 61

    def test_is_not_ready_without_the_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def down(*_: object) -> None:
            raise OperationalError('password authentication failed for user "revops"')

        monkeypatch.setattr(sql, "one", down)
        found = readyz()
        assert (found.status_code, found.json()["status"]) == (503, "not ready")
        assert "revops" not in found.content.decode()

    def test_is_not_ready_when_the_database_takes_no_writes(self) -> None:
        sql.run("SET LOCAL default_transaction_read_only = on")
        sql.run("SET TRANSACTION READ ONLY")
        found = readyz()
        assert found.status_code == 503
        assert found.json()["checks"]["database"]["problem"] == "The database takes no writes."

    def test_is_not_ready_before_it_is_migrated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(health, "_applied", set())
        sql.run("DELETE FROM django_migrations WHERE app = 'pipeline'")
        found = readyz()
        assert found.status_code == 503
        assert "not applied" in found.json()["checks"]["migrations"]["problem"]

    def test_tells_how_long_work_waits_by_connection(self) -> None:
        billing = a_connection("billing")
        ago = clock.now() - timedelta(seconds=90)
        an_event(billing, next_at=ago)
        an_event(billing, next_at=clock.now() - timedelta(seconds=5))
        an_event(billing, next_at=clock.now() + timedelta(hours=1), state=InboxState.PARKED)
        an_event(billing, next_at=ago, state=InboxState.PROCESSED)
        (queue,) = readyz().json()["queues"]
        assert 90 <= queue.pop("oldest_seconds") < 100
        assert queue == {"connection": "billing", "direction": "inbound", "due": 2}

    @pytest.mark.parametrize(
        ("gate", "words"),
        [
            ({}, "healthy"),
            ({"slow_start": 4}, "slow start"),
            (
                {"breaker": "open", "retry_at": timedelta(60), "story": "calls were not answered"},
                "sending is suspended: calls were not answered",
            ),
            ({"breaker": "half_open", "story": "calls failed"}, "on trial: calls failed"),
            ({"paused_at": timedelta(0), "pause_reason": "Bob asked"}, "paused"),
            ({"not_before": timedelta(60)}, "the target asked us to wait"),
        ],
    )
    def test_says_of_each_gate_what_it_does(self, gate: dict[str, Any], words: str) -> None:
        now = clock.now()
        values = {
            name: now + value if isinstance(value, timedelta) else value
            for name, value in gate.items()
        }
        a_gate(a_connection("erp", "tryton"), **values)
        assert readyz().json()["gates"] == [{"connection": "erp", "gate": words}]


@pytest.mark.django_db(transaction=True)
class TestReadyzSecrecy:
    def test_names_no_amount_customer_address_or_secret(self) -> None:
        command = a_command(
            a_journal(lines=(("1200", 98_765_4), ("2400", -98_765_4)), description="Contoso"),
            state=State.PENDING.value,
        )
        a_gate(command.connection, pause_reason="because Contoso", paused_at=clock.now())
        said = readyz().content.decode()
        hidden = ["987654", "Contoso", command.connection.base_url, command.connection.public_id]
        assert [word for word in hidden if word in said] == []
        assert '"outbound"' in said

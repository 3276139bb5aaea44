"""What a warehouse is asked to load: all that changed, once, and nothing that is not settled."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from connectors import loads
from connectors.contract import Command
from connectors.facts import FACTS
from connectors.models import Connection, ConnectionState
from revops.canonical.identity import deciding
from revops.canonical.models import Customer, Invoice
from revops.delivery.models import OutboundCommand
from revops.kernel import clock, strict_json
from revops.ledger.models import Recognition
from revops.store import sql
from revops.warehouse import facts, operations
from revops.warehouse.models import Progress
from tests.factories import (
    a_connection,
    a_customer,
    a_gate,
    a_journal,
    a_legal_entity,
    a_schedule,
    an_invoice,
)

pytestmark = pytest.mark.django_db
OLD = clock.now() - timedelta(hours=1)


@pytest.fixture
def house() -> Connection:
    made = a_connection("house", "warehouse")
    a_gate(made)
    return made


def told(since: int = 0) -> dict[str, dict[int, Mapping[str, Any]]]:
    """What a warehouse would hold after the commands behind ``since``, each read as it reads it."""
    held: dict[str, dict[int, Mapping[str, Any]]] = {fact: {} for fact in FACTS}
    for command in OutboundCommand.objects.filter(kind="warehouse.rows", pk__gt=since).order_by(
        "pk"
    ):
        payload = strict_json.loads(command.payload)
        fact, load = loads.of(
            Command(command.key, command.kind, payload, command.payload_sha256, "")
        )
        for row in load.rows:
            known = held[fact.name].get(row["id"])
            if known is None or known["changed_at"] <= row["changed_at"]:
                held[fact.name][row["id"]] = row
    return held


def commands() -> int:
    latest = OutboundCommand.objects.order_by("-pk").values_list("pk", flat=True).first()
    return latest or 0


class TestLoading:
    def test_every_fact_has_the_columns_that_it_promises(self, house: Connection) -> None:
        """Each SELECT runs, and gives what connectors/facts.py names."""
        assert facts.ROWS.keys() == facts.TABLES.keys() == FACTS.keys()
        for name, fact in FACTS.items():
            with connection.cursor() as cursor:
                cursor.execute(facts.told(name), ([],))
                given = [column.name for column in cursor.description or ()]
            assert given == [column.name for column in fact.columns], name

    def test_asks_for_what_there_is_and_then_for_what_changed(self, house: Connection) -> None:
        invoice = an_invoice(updated_at=OLD)
        Customer.objects.update(updated_at=OLD)
        assert operations.load(house) == 3  # the customer, and the invoice for itself and its lines
        held = told()
        row = held["invoices"][invoice.pk]
        assert (row["number"], row["total"], row["state"]) == (
            invoice.number, invoice.total, invoice.state,
        )  # fmt: skip
        assert held["customers"][invoice.customer_id]["customer_one"] == invoice.customer.party_id

        assert operations.load(house) == 0
        since = commands()
        Invoice.objects.update(applied=500, updated_at=OLD + timedelta(minutes=1))
        operations.load(house)
        again = told(since)
        assert again["invoices"][invoice.pk]["applied"] == 500
        assert not again["customers"]

    def test_customers_that_became_one_are_loaded_again_and_so_when_they_part(
        self, house: Connection, ana: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stays, goes = (a_customer(updated_at=OLD) for _ in range(2))
        operations.load(house)
        monkeypatch.setattr(operations, "SETTLED", timedelta(seconds=-5))
        both = {"survivor_id": stays.party_id, "absorbed_id": goes.party_id}
        now = clock.now()
        since, done = (
            commands(),
            deciding.merge(by=ana, reason="They are one customer.", at=now, **both),
        )
        operations.load(house)
        assert told(since)["customers"][goes.pk]["customer_one"] == stays.party_id
        since = commands()
        deciding.unmerge(
            by=ana, merge_id=done.merge.pk, reason="They are two customers.", at=clock.now()
        )
        operations.load(house)
        assert told(since)["customers"][goes.pk]["customer_one"] == goes.party_id

    def test_journals_have_their_lines(
        self, house: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "SETTLED", timedelta(seconds=-5))
        entry = a_journal(lines=(("1200", 10_000), ("2400", -10_000)))
        operations.load(house)
        held = told()
        assert held["journal_entries"][entry.pk]["document_type"] == entry.document_type
        assert [row["amount"] for row in held["journal_lines"].values()] == [10_000, -10_000]

    def test_revenue_is_told_with_its_period_and_where_it_comes_from(
        self, house: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "SETTLED", timedelta(seconds=-5))
        schedule = a_schedule(a_journal())
        made = Recognition.objects.create(
            schedule=schedule, period_code="2026-03", amount=1_000, functional_amount=900,
            entry=a_journal(document_type="recognition"),
        )  # fmt: skip
        Recognition.objects.create(
            schedule=schedule, period_code="2026-04", amount=0, functional_amount=0
        )
        operations.load(house)
        (row,) = told()["recognitions"].values()
        assert (row["id"], row["schedule_id"], row["entry_id"], row["period"], row["amount"]) == (
            made.pk, schedule.pk, made.entry_id, "2026-03", 1_000,
        )  # fmt: skip
        assert row["service_start"] == schedule.service_start.isoformat()

    def test_what_is_not_settled_waits(self, house: Connection) -> None:
        an_invoice(updated_at=clock.now() - timedelta(seconds=100))
        Customer.objects.update(updated_at=clock.now())
        assert operations.load(house) == 0
        assert not OutboundCommand.objects.exists()

    def test_what_comes_while_somebody_writes_waits_for_them(
        self, house: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They may still bring a row with an older stamp."""
        monkeypatch.setattr(operations, "SETTLED", timedelta(seconds=-5))
        with connection.get_new_connection(connection.get_connection_params()) as other:
            other.execute("SELECT pg_current_xact_id()")
            entry = a_journal()
            operations.load(house)
            assert not told()["journal_entries"]
        # A transaction keeps what it has seen of others.
        sql.run("SELECT pg_stat_clear_snapshot()", ())
        operations.load(house)
        assert [*told()["journal_entries"]] == [entry.pk]

    def test_names_are_loaded_only_where_that_is_wanted(self, house: Connection) -> None:
        customer = a_customer(email="ap@contoso.example", updated_at=OLD)
        operations.load(house)
        row = told()["customers"][customer.pk]
        assert (row["name"], row["email"], row["currency"]) == (None, None, "USD")
        house.parameters = {"personal": True}
        Progress.objects.all().delete()
        since = commands()
        operations.load(house)
        assert told(since)["customers"][customer.pk]["email"] == "ap@contoso.example"

    def test_an_invoice_without_lines_holds_nobody_up(
        self, house: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "SLICE", 1)
        for minute in range(3):
            an_invoice(updated_at=OLD + timedelta(minutes=minute))
        operations.load(house)
        assert Progress.objects.get(fact="invoice_lines").through == OLD + timedelta(minutes=2)

    def test_only_what_is_in_use_is_loaded(self, house: Connection) -> None:
        a_customer(updated_at=OLD)
        Connection.objects.filter(pk=house.pk).update(state=ConnectionState.DRAFT)
        assert operations.load_all() == set()
        Connection.objects.filter(pk=house.pk).update(state=ConnectionState.LIVE)
        assert operations.load_all() == {house.pk}

    def test_commands_are_of_one_legal_entity_and_of_bounded_size(
        self, house: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "LARGEST", 2)
        for code in ("us", "uk"):
            entity = a_legal_entity(code)
            for _ in range(3):
                a_customer(legal_entity=entity, updated_at=OLD)
        operations.load(house)
        found = OutboundCommand.objects.values_list("legal_entity__code", "payload")
        sizes = sorted((code, len(strict_json.loads(payload)["rows"])) for code, payload in found)
        assert sizes == [("uk", 1), ("uk", 2), ("us", 1), ("us", 2)]

    def test_commands_stay_below_what_a_statement_may_carry(
        self, house: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "LARGEST_TEXT", 700)
        made = {a_customer(updated_at=OLD).pk for _ in range(5)}
        operations.load(house)
        texts = OutboundCommand.objects.values_list("payload", flat=True)
        assert len(texts) > 1
        assert max(len(text.encode()) for text in texts) <= 700
        assert set(told()["customers"]) == made
        monkeypatch.setattr(operations, "LARGEST_TEXT", 1)
        Progress.objects.all().delete()
        since = commands()
        operations.load(house)  # a row is never parted
        assert set(told(since)["customers"]) == made

    def test_after_any_course_of_changes_the_warehouse_has_what_we_have(
        self, house: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "SLICE", 3)
        chance = random.Random(11)  # noqa: S311  the same course in every run
        at = datetime(2026, 1, 1, tzinfo=UTC)
        for _ in range(60):
            # Several records of one transaction share a stamp.
            at += timedelta(seconds=chance.choice((0, 0, 1)))
            if chance.random() < 0.4 or not Customer.objects.exists():
                a_customer(updated_at=at)
            else:
                one = chance.choice([*Customer.objects.all()])
                Customer.objects.filter(pk=one.pk).update(
                    currency=chance.choice(("USD", "EUR", "GBP")), updated_at=at
                )
            if chance.random() < 0.3:
                at += timedelta(seconds=1)  # what is looked at is settled: nothing joins its stamp
                operations.load(house)
        operations.load(house)
        held = {id: row["currency"] for id, row in told()["customers"].items()}
        assert held == dict(Customer.objects.values_list("pk", "currency"))


class TestRegularWork:
    def test_whatever_is_due_by_the_clock_is_known_to_workers(self) -> None:
        """A task of a module that no worker imports is thrown away, each time it is due."""
        known = settings.CELERY["imports"]
        for name, entry in settings.CELERY["beat_schedule"].items():
            assert entry["task"].rpartition(".")[0] in known, name

"""Between our books and a warehouse stands each journal, by what its lines add up to there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors import loads
from connectors.models import Connection
from revops.ledger.models import JournalEntry
from revops.reconciliation.models import Load
from revops.reconciliation.operations import holding, pairs
from tests import factories as make
from tests.reconciliation.recorded import DAY, a_credit, a_load, booked, found, open_books

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(db: None) -> Connection:
    open_books()
    return make.a_connection("house", "snowflake")


def lists(house: Connection, *entries: JournalEntry, **differs: Any) -> None:
    """The warehouse has each of them; the last one with what differs."""
    rows = []
    for entry in entries:
        told: dict[str, Any] = {
            "id": entry.pk, "legal_entity": entry.legal_entity.code, "currency": entry.currency,
            "dated": entry.accounting_date.isoformat(), "document_type": entry.document_type,
            "business_key": entry.business_key, "debits": entry.amount,
        }  # fmt: skip
        rows.append(loads.journal(**(told | (differs if entry is entries[-1] else {}))))
    begun: Load = a_load(house, loads.JOURNAL)
    holding.take(begun, [holding.line(row) for row in rows], whole=True)


def an_entry(number: str, amount: int, **values: Any) -> JournalEntry:
    return booked(a_credit(number, amount), "credit", amount, side="1100", **values)


class TestTheWarehouse:
    def test_agrees_when_it_holds_every_journal_with_its_lines(self, house: Connection) -> None:
        lists(house, an_entry("1", 5_000), an_entry("2", 700, tax=-100))
        assert found("warehouse_books", right=house) == []

    @pytest.mark.parametrize(
        ("differs", "breaks"),
        [
            ({"debits": 4_000}, [("amount", 1_000)]),
            ({"currency": "EUR"}, [("currency", -5_000), ("currency", 5_000)]),
            ({"dated": (DAY + timedelta(days=1)).isoformat()}, [("period", 0)]),
            ({"id": 999_999_999}, [("missing_left", -5_000), ("missing_right", 5_000)]),
        ],
    )
    def test_has_each_journal_as_it_is_or_a_break_says_what_differs(
        self, house: Connection, differs: dict[str, Any], breaks: list[tuple[str, int]]
    ) -> None:
        lists(house, an_entry("1", 300), an_entry("2", 5_000), **differs)
        assert found("warehouse_books", right=house) == breaks

    def test_is_compared_for_every_legal_entity_without_being_told(self, house: Connection) -> None:
        make.a_legal_entity("NW-UK")
        (pair,) = [one for one in pairs.sync() if one.check_slug == "warehouse_books"]
        assert pair.right_id == house.pk
        assert len(pairs.entities_of(pair)) == 2

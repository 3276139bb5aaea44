"""
The invariants of the books, over companies that nobody chose: every seed is another company.

The events go through the line; what must hold is asked of what the database then holds.
"""

from __future__ import annotations

from itertools import count

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revops.ledger.models import JournalEntry
from revops.ledger.queries import controls
from revops.mappings.models import AccountingPeriod, LegalEntity, PeriodState
from tests.company import feed
from tests.company.life import LAST, Company

_names = count(1)
COMPANIES = settings(
    max_examples=2, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
_UNTRACED = """
SELECT entry.id FROM ledger_journalentry entry
LEFT JOIN events_businessevent told ON told.id = entry.business_event_id
LEFT JOIN events_inboundevent raw ON raw.id = told.inbound_id
WHERE entry.legal_entity_id = ANY(%s) AND entry.document_type <> 'recognition'
  AND (raw.content_sha256 IS NULL OR entry.mapping_version IS NULL)
UNION ALL
SELECT line.entry_id FROM ledger_journalline line
JOIN ledger_journalentry entry ON entry.id = line.entry_id
WHERE entry.legal_entity_id = ANY(%s) AND line.source_line = ''
"""
_UNBOOKED = """
SELECT invoice.id FROM canonical_invoice invoice
WHERE invoice.legal_entity_id = ANY(%s) AND invoice.total <> 0 AND NOT EXISTS (
    SELECT 1 FROM ledger_journalentry entry
    WHERE entry.record_kind = 'invoice' AND entry.record_id = invoice.id)
"""


def rows(statement: str, *params: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        return list(cursor.fetchall())


def live(seed: int) -> tuple[Company, dict[str, LegalEntity]]:
    """A company's two years, each month closed for good once it is over."""
    name = f"C{next(_names)}"
    company = Company(customers=10, seed=seed, name=name)
    told = company.live()
    entities = feed.open_books(name)
    for month, events in feed.by_month(told).items():
        feed.send(events, name)
        feed.close(entities, month)
        AccountingPeriod.objects.filter(legal_entity__in=entities.values(), ends=month).update(
            state=PeriodState.CLOSED
        )
    assert feed.troubles() == []
    return company, entities


@pytest.mark.django_db(transaction=True)
class TestAnyCompany:
    @COMPANIES
    @given(seed=st.integers(0, 2**32))
    def test_keeps_books_that_tie_with_its_records(self, seed: int) -> None:
        """I1, I3, I4 and I6."""
        company, entities = live(seed)
        for code, entity in entities.items():
            held = feed.balances(code, LAST)
            assert sum(held.values()) == 0
            assert held == company.oracle.balances(code, LAST)
            assert all(step.ties for step in feed.rolled(entity, LAST))
            assert not [one for one in controls.receivables(entity_id=entity.pk) if one.difference]
            assert controls.wrong_sides(entity_id=entity.pk) == []
            for one in controls.tax(entity_id=entity.pk, on=LAST):
                assert -held.get("2100", 0) == one.owed

    @COMPANIES
    @given(seed=st.integers(0, 2**32))
    def test_books_nothing_twice_and_nothing_into_a_closed_period(self, seed: int) -> None:
        """I7 and I8: everything is told again after its month is closed."""
        company, entities = live(seed)
        own = JournalEntry.objects.filter(legal_entity__in=entities.values())
        before = list(own.order_by("pk").values_list("pk", "content_sha256"))
        told = [
            type(one)(one.day, one.order + 10_000_000, one.contract, one.data)
            for one in company.told
        ]
        feed.send(told, company.name)
        assert list(own.order_by("pk").values_list("pk", "content_sha256")) == before
        assert feed.troubles() == []

    @COMPANIES
    @given(seed=st.integers(0, 2**32))
    def test_traces_every_line_and_misses_no_invoice(self, seed: int) -> None:
        """I11: from each line to its source, and from each invoice to its journal."""
        _, entities = live(seed)
        ids = [entity.pk for entity in entities.values()]
        assert rows(_UNTRACED, ids, ids) == []
        assert rows(_UNBOOKED, ids) == []

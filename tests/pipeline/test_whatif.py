"""What would happen if: the truth before anything is done, and nothing left behind."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from exceptions.models import Case
from revops.events.models import InboundEvent
from revops.ledger.models import JournalEntry
from revops.mappings.models import LedgerAccount, LegalEntity, MappingVersion, SkuMap
from revops.pipeline.whatif import imagine
from tests.pipeline.rehearsal import Rehearsal

PLAN = "price_team_yearly"


def _map(account: str = "4000") -> None:
    entity = LegalEntity.objects.get(code="US-INC")
    SkuMap.objects.create(
        legal_entity=entity, sku=PLAN, convention="daily",
        revenue_account=LedgerAccount.objects.get(code=account),
        deferral_account=LedgerAccount.objects.get(code="2300"),
        valid=DateRange(date(2025, 1, 1), None), version=MappingVersion.objects.latest("pk"),
    )  # fmt: skip


def _unmapped(line: Rehearsal) -> Case:
    SkuMap.objects.filter(sku=PLAN).delete()
    MappingVersion.objects.create(note="without the plan", made_by="test")
    line.subscribe(pays=True)
    line.deliver()
    line.run()
    (case,) = line.open_cases()
    return case


class TestImagine:
    def test_says_what_clears_and_what_it_would_book_and_leaves_nothing_behind(
        self, line: Rehearsal
    ) -> None:
        case = _unmapped(line)
        before = _state()

        nothing = imagine([case.inbound_id or 0])
        mapped = imagine([case.inbound_id or 0], change=_map)

        (answer,) = nothing.answers
        assert (answer.kind, answer.cause) == ("mapping_missing", case.cause)
        assert nothing.clears == 0
        assert nothing.fails == {("mapping_missing", case.cause): 1}
        assert mapped.clears == 1
        assert not mapped.fails
        legs = {leg.account: leg.amount for leg, _ in mapped.journals}
        assert legs["1100"] == 1_299_000
        assert sum(legs.values()) == 0
        assert _state() == before

    def test_counts_what_is_more_than_one_look_takes(self, line: Rehearsal) -> None:
        _unmapped(line)
        ids = list(InboundEvent.objects.values_list("pk", flat=True))
        found = imagine(ids, most=1)
        assert len(found.answers) == 1
        assert found.left_out == len(ids) - 1

    def test_does_not_count_what_is_in_the_books_already(self, line: Rehearsal) -> None:
        line.subscribe(pays=True)
        line.deliver()
        line.run()
        found = imagine(InboundEvent.objects.values_list("pk", flat=True))
        assert found.clears == len(found.answers)
        assert not found.journals


def _state() -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM ledger_journalentry_id_seq")
        (number,) = cursor.fetchone()
    return (
        number,
        JournalEntry.objects.count(),
        SkuMap.objects.filter(sku=PLAN).count(),
        list(Case.objects.order_by("pk").values_list("pk", "state", "occurrences")),
        list(InboundEvent.objects.order_by("pk").values_list("pk", "state", "fence")),
    )

"""Deferred revenue becomes revenue, month by month, once (accounting.md J2, J2d, late rule)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from revops.ledger.models import JournalEntry, Recognition, RevenueSchedule
from revops.mappings.models import AccountingPeriod, LegalEntity, MappingVersion, SkuMap
from revops.pipeline.recognize import PeriodNotOpen, due_periods, recognize
from tests.pipeline.rehearsal import Rehearsal

# Noon in New York on the first day of a year that the demo's calendar has open.
JANUARY = int(datetime(2026, 1, 1, 17, tzinfo=UTC).timestamp())


@pytest.fixture
def entity(line: Rehearsal) -> LegalEntity:
    AccountingPeriod.objects.update(state="open")
    return LegalEntity.objects.get(code="US-INC")


def recognised() -> list[tuple[date, int]]:
    entries = JournalEntry.objects.filter(document_type="recognition").order_by("accounting_date")
    return list(entries.values_list("accounting_date", "amount"))


def a_year(line: Rehearsal, convention: str) -> str:
    if convention != "daily":
        SkuMap.objects.filter(sku="price_team_yearly").update(convention=convention)
        MappingVersion.objects.create(note=convention, made_by="test")
    customer = line.customer(at=JANUARY)
    invoice = line.subscribe(customer, at=JANUARY)
    line.deliver()
    line.settle()
    return invoice


class TestRecognition:
    def test_makes_j2_of_a_month_and_posts_it(self, line: Rehearsal, entity: LegalEntity) -> None:
        a_year(line, "month_even")

        made = recognize(entity_id=entity.pk, period_code="2026-01")
        line.settle()

        assert made == 1
        entry = JournalEntry.objects.get(document_type="recognition")
        assert list(entry.lines.order_by("position").values_list("account", "amount")) == [
            ("2300", 100_000),
            ("4000", -100_000),
        ]
        assert entry.accounting_date == date(2026, 1, 31)
        line.assert_books_agree()

    def test_makes_j2d_by_the_day(self, line: Rehearsal, entity: LegalEntity) -> None:
        a_year(line, "daily")

        recognize(entity_id=entity.pk, period_code="2026-02")

        assert recognised() == [(date(2026, 1, 31), 101_918), (date(2026, 2, 28), 92_055)]

    def test_running_again_makes_nothing(self, line: Rehearsal, entity: LegalEntity) -> None:
        a_year(line, "daily")
        recognize(entity_id=entity.pk, period_code="2026-03")
        before = recognised()

        assert recognize(entity_id=entity.pk, period_code="2026-03") == 0
        assert recognised() == before

    def test_the_whole_year_adds_up_to_the_invoice(
        self, line: Rehearsal, entity: LegalEntity
    ) -> None:
        a_year(line, "daily")

        for month in range(1, 13):
            recognize(entity_id=entity.pk, period_code=f"2026-{month:02}")

        assert sum(amount for _, amount in recognised()) == 1_200_000
        assert Recognition.objects.count() == 12

    def test_what_belongs_to_a_closed_month_posts_in_the_first_open_one(
        self, line: Rehearsal, entity: LegalEntity
    ) -> None:
        a_year(line, "month_even")
        AccountingPeriod.objects.filter(
            legal_entity=entity, code__in=("2026-01", "2026-02")
        ).update(state="closed")

        recognize(entity_id=entity.pk, period_code="2026-03")

        dates = {day for day, _ in recognised()}
        assert min(dates) >= date(2026, 3, 1)
        periods = JournalEntry.objects.filter(document_type="recognition").values_list(
            "period__code", flat=True
        )
        assert list(periods) == ["2026-03"] * 3
        spans = {
            line_.service_start
            for entry in JournalEntry.objects.filter(document_type="recognition")
            for line_ in entry.lines.all()
        }
        assert spans == {date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)}

    def test_refuses_a_period_that_is_closed(self, line: Rehearsal, entity: LegalEntity) -> None:
        AccountingPeriod.objects.filter(code="2026-01").update(state="closed")

        with pytest.raises(PeriodNotOpen, match="not open"):
            recognize(entity_id=entity.pk, period_code="2026-01")

    def test_the_latest_ended_open_period_of_each_entity_is_due(
        self, line: Rehearsal, entity: LegalEntity
    ) -> None:
        assert (entity.pk, "2026-10") in due_periods(datetime(2026, 11, 3, tzinfo=UTC))


class TestVoidAfterRecognition:
    def test_mirrors_what_was_recognised_too(self, line: Rehearsal, entity: LegalEntity) -> None:
        invoice = a_year(line, "month_even")
        recognize(entity_id=entity.pk, period_code="2026-02")
        line.stripe.void(invoice)
        line.deliver()
        line.settle()

        balance: dict[str, int] = {}
        for entry in JournalEntry.objects.prefetch_related("lines"):
            for item in entry.lines.all():
                balance[item.account] = balance.get(item.account, 0) + item.amount
        assert set(balance.values()) == {0}
        assert JournalEntry.objects.filter(document_type="void").count() == 3
        assert RevenueSchedule.objects.get().stopped_on is not None
        assert recognize(entity_id=entity.pk, period_code="2026-03") == 0
        line.assert_books_agree()

"""What a late document earns in its own period is accrued there, and taken back where it posts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from accounts.models import User
from exceptions.models import Case, CaseState
from revops.close.readiness import of
from revops.ledger import books
from revops.ledger.models import JournalEntry
from revops.ledger.queries.controls import wrong_sides
from revops.lineage.queries import thread
from revops.mappings.models import AccountingPeriod
from revops.pipeline.closed.moving import post_later
from revops.pipeline.closed.panel import ClosedPeriod
from revops.pipeline.models import LatePosting
from revops.pipeline.recognize import recognize
from tests.pipeline.journals.told import YEAR, Told, minor
from tests.pipeline.period_end.stage import moved

JANUARY, FEBRUARY = "2025-01", "2025-02"
FEBRUARY_FIRST = date(2025, 2, 1)
SERVICES = (YEAR, ("2025-01-15", "2025-02-14"), ("2025-01-03", "2025-01-31"))
INCOME = ("4000", "4100", "4900", "4910")
FIX = ClosedPeriod()


@pytest.fixture
def told(db: None) -> Told:
    found = Told()
    found.customer()
    AccountingPeriod.objects.filter(ends__lt=date(2025, 1, 1)).update(state="closed")
    soften()
    return found


def soften(state: str = "soft_closed") -> None:
    AccountingPeriod.objects.filter(code=JANUARY).update(state=state)
    books.forget()


def accrue(told: Told, by: User, *, accrue: bool = True) -> dict[int, Any]:
    """Everything that waits, as a job would do it once somebody agreed."""
    cases = Case.objects.filter(kind="period_closed").exclude(state=CaseState.RESOLVED)
    with transaction.atomic():
        found = post_later(
            case_ids=[case.pk for case in cases], dated={told.entity.pk: FEBRUARY_FIRST}, job=1,
            by=by, accrue=accrue,
        )  # fmt: skip
    told.advance()
    return found


def recognised(told: Told, *codes: str) -> None:
    for code in codes:
        if AccountingPeriod.objects.get(code=code).state == "open":
            recognize(entity_id=told.entity.pk, period_code=code)


def income(period: str) -> dict[str, int]:
    """What a period's income statement shows."""
    entries = JournalEntry.objects.filter(period__code=period).prefetch_related("lines")
    return {account: sum_ for account, sum_ in moved(*entries).items() if account in INCOME}


def ways_of(case: Case, user: User) -> list[str]:
    panel = FIX.panel(case.cause_key, {}, user=user, at=case.opened_at)
    assert panel is not None
    return [value for value, _ in panel.controls[0].choices]


class TestAccruing:
    def test_brings_the_period_what_the_document_earns_and_nothing_else(
        self, told: Told, ana: User
    ) -> None:
        told.annual()
        (case,) = Case.objects.filter(kind="period_closed")
        assert ways_of(case, ana) == ["next", "accrue"]
        seen = FIX.look(case.cause_key, {"way": "accrue"}, user=ana, at=case.opened_at)
        assert seen is not None
        assert (seen.clears, seen.fails) == (1, [])
        assert {one.period for one in seen.books} == {JANUARY, FEBRUARY}
        assert not JournalEntry.objects.exists()

        accrue(told, ana)
        # It is earned where it is booked: nothing of January waits for a line.
        at = datetime(2025, 2, 4, 12, tzinfo=UTC)
        held = of(entity_id=told.entity.pk, period_code=JANUARY, at=at)
        assert not next(one for one in held.answers if one.test.slug == "recognised").open
        recognised(told, FEBRUARY)

        made = told.entry("late_accrual")
        assert made.accounting_date == date(2025, 1, 31)
        # J2 for January: a twelfth, without tax and without a receivable.
        assert moved(made) == {"1200": minor("1000.00"), "4000": -minor("1000.00")}
        back = told.entry("void")
        assert (back.reverses_id, back.accounting_date) == (made.pk, FEBRUARY_FIRST)
        document = told.entry("invoice")
        assert (document.accounting_date, document.document_date) == (
            FEBRUARY_FIRST, date(2025, 1, 1),
        )  # fmt: skip
        assert income(JANUARY) == income(FEBRUARY) == {"4000": -minor("1000.00")}
        assert not wrong_sides(entity_id=told.entity.pk)
        hops = str(thread("journal", made.pk))
        assert f"JE-{document.pk}" in hops
        assert f"JE-{back.pk}" in hops

    def test_counts_once_however_often_and_wherever_it_is_tried_again(
        self, told: Told, ana: User
    ) -> None:
        told.annual()
        (case,) = Case.objects.filter(kind="period_closed")
        AccountingPeriod.objects.filter(code=FEBRUARY).update(state="closed")
        books.forget()
        # February was agreed to and is closed by then: nothing happens.
        found = accrue(told, ana)
        assert found[case.pk].state == "failed"
        assert not JournalEntry.objects.exists()
        AccountingPeriod.objects.filter(code=FEBRUARY).update(state="open")
        books.forget()

        accrue(told, ana)
        told.annual()
        accrue(told, ana)
        assert LatePosting.objects.get().accrued
        assert len(told.entries("late_accrual")) == len(told.entries("invoice")) == 1

        # The period opens again: what is earned there does not come a second time.
        soften("open")
        recognised(told, JANUARY, FEBRUARY)
        assert income(JANUARY) == income(FEBRUARY) == {"4000": -minor("1000.00")}

    def test_is_refused_for_what_earns_nothing_and_for_what_is_locked(
        self, told: Told, ana: User
    ) -> None:
        told.bill("in_2", "2025-01-20", [("il_1", "10.00", "0.00", ("2025-02-01", "2025-02-28"))])
        (case,) = Case.objects.filter(kind="period_closed")
        assert "earns nothing" in accrue(told, ana)[case.pk].sentence
        soften("closed")
        assert "is locked" in accrue(told, ana)[case.pk].sentence
        assert ways_of(case, ana) == ["next"]
        assert not JournalEntry.objects.exists()

    def test_of_a_credit_lowers_income_against_what_is_accrued(self, told: Told, ana: User) -> None:
        soften("open")
        told.annual(pays=True)
        soften()
        told.credit("sla_period", "2025-01-20", "500.00", "41.25")
        accrue(told, ana)
        made = told.entry("late_accrual")
        assert moved(made) == {"4900": minor("500.00"), "2420": -minor("500.00")}
        assert income(JANUARY)["4900"] == minor("500.00")
        assert "4900" not in income(FEBRUARY)

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        lines=some.lists(
            some.tuples(
                some.integers(min_value=100, max_value=99_999),
                some.sampled_from(["even", "daily", "once"]),
                some.sampled_from(SERVICES),
            ),
            min_size=1, max_size=3,
        )
    )  # fmt: skip
    def test_gives_each_period_what_it_had_got_in_time(
        self, told: Told, ana: User, lines: list[tuple[int, str, tuple[str, str]]]
    ) -> None:
        """Income by period and account is that of the same document told in time."""
        named = [
            {
                "line_id": f"l{place}", "sku": sku, "amount": amount, "taxes": [],
                "service_period": {"start": span[0], "end": span[1]},
            }
            for place, (amount, sku, span) in enumerate(lines)
        ]  # fmt: skip

        def bill(number: str) -> None:
            told.tell(
                "invoice.issued/1", "2025-01-10", invoice_id=number, number=number,
                customer_id="cus_1", currency="USD", issued_on="2025-01-10", lines=named,
                total=sum(one["amount"] for one in named),
            )  # fmt: skip

        def periods() -> list[dict[str, int]]:
            found = [income(code) for code in (JANUARY, FEBRUARY, "2025-03")]
            return [
                {key: one[key] - held.get(key, 0) for key in one if one[key] != held.get(key, 0)}
                for one, held in zip(found, before, strict=True)
            ]

        number = f"in_{JournalEntry.objects.count()}"
        before: list[dict[str, int]] = [{}, {}, {}]
        before = periods()
        soften()
        bill(f"{number}_late")
        accrue(told, ana)
        recognised(told, FEBRUARY, "2025-03")
        late = periods()
        before = [income(code) for code in (JANUARY, FEBRUARY, "2025-03")]
        soften("open")
        bill(f"{number}_in_time")
        recognised(told, JANUARY, FEBRUARY, "2025-03")
        assert late[0]
        assert late == periods()

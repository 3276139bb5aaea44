"""Runs are kept, repeatable, and never touch a closed period."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.queries import NotAllowed
from exceptions.models import Case
from revops.events.models import BusinessEvent
from revops.kernel import clock
from revops.ledger.books import forget
from revops.ledger.models import JournalEntry
from revops.mappings.models import AccountingPeriod, LegalEntity, PeriodRun
from revops.pipeline.period_end import runs
from revops.pipeline.period_end.periods import PeriodRefused, close_period, open_period
from revops.pipeline.period_end.runs import AUTOMATIC, run
from revops.pipeline.recognize import PeriodNotOpen
from tests.cast import person
from tests.pipeline.period_end.stage import Stage, balances


@pytest.fixture
def euro(stage: Stage) -> Stage:
    stage.rate("2025-01-01", "1.1000")
    stage.invoice("in_1", "2025-01-01", "10000.00", currency="EUR")
    return stage


def period(code: str) -> AccountingPeriod:
    return AccountingPeriod.objects.get(code=code)


@pytest.fixture
def mona(stage: Stage) -> User:
    return person("mona")


class TestRuns:
    def test_are_kept_with_what_they_did(self, euro: Stage) -> None:
        euro.rate("2025-01-31", "1.0800")

        run(entity_id=euro.entity.pk, period_code="2025-01", by="Priya Nair")

        kept = {row.kind: row for row in PeriodRun.objects.all()}
        assert set(kept) == set(AUTOMATIC)
        assert kept["remeasurement"].entries == 2
        assert kept["remeasurement"].figures == {"balances": 1, "EUR": -20_000}
        assert kept["recognition"].by == "Priya Nair"

    def test_that_find_nothing_new_are_counted(self, euro: Stage) -> None:
        euro.rate("2025-01-31", "1.0800")
        for _ in range(3):
            run(entity_id=euro.entity.pk, period_code="2025-01")

        rows = PeriodRun.objects.filter(kind="noncurrent")
        assert [row.times for row in rows] == [3]
        assert JournalEntry.objects.filter(document_type="remeasurement").count() == 1

    def test_one_that_cannot_be_made_is_a_case_and_the_others_go_on(self, euro: Stage) -> None:
        results = {
            result.kind: result for result in run(entity_id=euro.entity.pk, period_code="2025-01")
        }

        assert "EUR→USD" in results["remeasurement"].trouble
        assert results["recognition"].entries == 1
        case = Case.objects.get()
        assert (case.kind, case.period_code, case.state) == ("period_end_failed", "2025-01", "open")
        assert PeriodRun.objects.get(kind="remeasurement").state == "failed"

        euro.rate("2025-01-31", "1.0800")
        run(entity_id=euro.entity.pk, period_code="2025-01")

        case.refresh_from_db()
        assert case.state == "resolved"

    def test_refuse_a_closed_period(self, euro: Stage) -> None:
        AccountingPeriod.objects.filter(code="2025-01").update(state="closed")

        with pytest.raises(PeriodNotOpen):
            run(entity_id=euro.entity.pk, period_code="2025-01")

    def test_take_back_in_the_first_open_period_after(self, euro: Stage) -> None:
        euro.rate("2025-01-31", "1.0800")
        AccountingPeriod.objects.filter(code="2025-02").update(state="closed")

        run(entity_id=euro.entity.pk, period_code="2025-01")

        assert JournalEntry.objects.get(document_type="void").accounting_date == date(2025, 3, 1)
        closed = JournalEntry.objects.filter(period__state="closed")
        assert not closed.exists()

    def test_need_the_calendar_to_go_on(self, euro: Stage) -> None:
        euro.rate("2028-12-31", "1.0800")

        results = run(entity_id=euro.entity.pk, period_code="2028-12", kinds=("remeasurement",))

        assert "no accounting period" in results[0].trouble

    def test_of_unknown_kinds_and_periods_are_mistakes(self, euro: Stage) -> None:
        with pytest.raises(LookupError, match="sleep"):
            run(entity_id=euro.entity.pk, period_code="2025-01", kinds=("sleep",))
        with pytest.raises(LookupError, match="1999-01"):
            run(entity_id=euro.entity.pk, period_code="1999-01")

    def test_are_due_for_every_ended_open_period(
        self, euro: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        AccountingPeriod.objects.filter(starts__lt="2025-01-01").update(state="closed")
        euro.rate("2025-01-31", "1.0800")
        euro.rate("2025-02-28", "1.0900")

        assert runs.due(datetime(2025, 3, 1, 9, tzinfo=UTC)) == [
            (euro.entity.pk, "2025-01"), (euro.entity.pk, "2025-02"),
        ]  # fmt: skip
        # It is still the last day of February where the books are.
        LegalEntity.objects.update(zone="America/New_York")
        forget()
        assert runs.due(datetime(2025, 3, 1, 4, tzinfo=UTC)) == [(euro.entity.pk, "2025-01")]
        monkeypatch.setattr(clock, "now", lambda: datetime(2025, 3, 1, 9, tzinfo=UTC))
        assert runs.run_due() > 0

        months = JournalEntry.objects.filter(document_type="recognition")
        assert months.count() == 2
        assert balances("2025-02-28")["1100"] == 1_090_000
        assert runs.run_due() == 0


class TestCommand:
    def test_says_what_it_did(self, euro: Stage) -> None:
        euro.rate("2025-01-31", "1.0800")
        out = StringIO()

        call_command("period_end", "--period=2025-01", "--entity=US", stdout=out)

        assert "US 2025-01 remeasurement: 2 entries" in out.getvalue()

    def test_fails_when_a_run_fails(self, euro: Stage) -> None:
        with pytest.raises(CommandError, match="case"):
            call_command("period_end", "--period=2025-01", stdout=StringIO())

    def test_knows_its_entities_and_periods(self, stage: Stage) -> None:
        for arguments in (["--period=2025-01", "--entity=NO"], ["--period=1999-01"]):
            with pytest.raises(CommandError):
                call_command("period_end", *arguments, stdout=StringIO())


class TestPeriods:
    def test_close_in_order_and_tell(self, stage: Stage, mona: User) -> None:
        with pytest.raises(PeriodRefused, match="in order"):
            close_period(period_id=period("2024-02").pk, by=mona)
        close_period(period_id=period("2024-01").pk, by=mona)
        close_period(period_id=period("2024-02").pk, by=mona)

        told = BusinessEvent.objects.filter(contract="period.closed/1").order_by("pk")
        assert [event.subject_id for event in told] == ["2024-01", "2024-02"]
        with pytest.raises(PeriodRefused, match="already"):
            close_period(period_id=period("2024-02").pk, by=mona)

    def test_are_not_closed_before_they_end(self, stage: Stage, mona: User) -> None:
        AccountingPeriod.objects.filter(starts__lt="2028-12-01").update(state="closed")

        with pytest.raises(PeriodRefused, match="not ended"):
            close_period(period_id=period("2028-12").pk, by=mona)

    def test_are_opened_from_the_latest_back(self, stage: Stage, mona: User) -> None:
        AccountingPeriod.objects.filter(code__in=("2024-01", "2024-02")).update(state="closed")

        with pytest.raises(PeriodRefused, match="latest one back"):
            open_period(period_id=period("2024-01").pk, by=mona)
        assert open_period(period_id=period("2024-02").pk, by=mona) == 0
        assert BusinessEvent.objects.filter(contract="period.opened/1").count() == 1

    def test_opening_lets_in_what_waited(self, stage: Stage, mona: User) -> None:
        AccountingPeriod.objects.filter(starts__lt="2025-02-01").update(state="closed")
        stage.invoice("in_1", "2025-01-01", "12000.00")
        assert not JournalEntry.objects.exists()
        assert Case.objects.get().kind == "period_closed"

        assert open_period(period_id=period("2025-01").pk, by=mona) == 1
        stage.advance()

        assert JournalEntry.objects.get().period.code == "2025-01"
        assert Case.objects.get().state == "resolved"

    def test_are_opened_and_closed_by_finance_managers_alone(self, stage: Stage) -> None:
        for name in ("ana", "rob", "adam"):
            with pytest.raises(NotAllowed):
                close_period(period_id=period("2024-01").pk, by=person(name))
            with pytest.raises(NotAllowed):
                open_period(period_id=period("2024-01").pk, by=person(name))

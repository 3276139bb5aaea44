"""The page, its file, and what people decide on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Assignment, User
from revops.audit.models import Event
from revops.close.models import PeriodSignOff
from revops.kernel import clock
from revops.measures.models import Assumption, Objective
from revops.measures.operations.sampling import sample
from revops.measures.queries.standing import closed
from revops.reconciliation.models import Break, Pair, RuleVersion, Run
from tests.conftest import SignIn
from tests.factories import a_case, a_legal_entity, a_period
from tests.measures.test_sampling import HOUR, posting

pytestmark = pytest.mark.django_db


def slow_and_fast() -> None:
    us, uk = a_legal_entity("US-INC"), a_legal_entity("UK-LTD")
    came = clock.now() - 2 * HOUR
    for _ in range(3):
        posting(us, came=came, seconds=100)
    posting(uk, came=came, seconds=5_000)
    sample()


class TestPage:
    def test_says_which_objective_is_not_kept_and_what_is_left(
        self, mona: User, sign_in: SignIn
    ) -> None:
        slow_and_fast()
        page = sign_in(mona).get("/measures/").content.decode()
        assert "1 of 4 objectives is not kept." in page
        assert "In the ERP in time: 75.00\N{NO-BREAK SPACE}%." in page
        assert "25.0\N{NO-BREAK SPACE}×" in page

    def test_of_one_legal_entity_counts_no_other(self, mona: User, sign_in: SignIn) -> None:
        slow_and_fast()
        page = sign_in(mona).get("/measures/?entity=US-INC").content.decode()
        assert "Every objective is kept." in page

    def test_shows_somebody_with_one_entity_its_figures_alone(
        self, otis: User, sign_in: SignIn
    ) -> None:
        slow_and_fast()
        Assignment.objects.create(user=otis, role="finance", legal_entity="US-INC")
        page = sign_in(otis).get("/measures/").content.decode()
        assert "Every objective is kept." in page

    def test_says_that_nothing_is_sampled(self, mona: User, sign_in: SignIn) -> None:
        page = sign_in(mona).get("/measures/").content.decode()
        assert "No samples yet" in page
        assert "The first are there by" in page
        assert "All figures" not in page

    def test_reads_as_many_rows_however_much_there_is(self, mona: User, sign_in: SignIn) -> None:
        client = sign_in(mona)
        slow_and_fast()
        client.get("/measures/")
        with CaptureQueriesContext(connection) as few:
            client.get("/measures/")
        for _ in range(5):
            a_case(opened_at=clock.now() - HOUR)
        slow_and_fast()
        with CaptureQueriesContext(connection) as many:
            client.get("/measures/")
        assert len(many) <= len(few)

    def test_gives_its_figures_as_a_file(self, mona: User, sign_in: SignIn) -> None:
        slow_and_fast()
        answer = sign_in(mona).post("/measures/measures.csv")
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert '"posting","28 d","4","4","0","0","1325","120","7200"' in lines


class TestDeciding:
    def test_an_objective_is_an_act_and_measures_the_past_too(
        self, mona: User, sign_in: SignIn
    ) -> None:
        slow_and_fast()
        client = sign_in(mona)
        given = {"target": "75.00", "within": "300", "days": "7"}
        assert client.post("/measures/objectives/posted", given).status_code == 302
        assert Objective.objects.get().target == 7_500
        assert Event.objects.get(action="measures.change").reference == "posted"
        assert "Every objective is kept." in client.get("/measures/").content.decode()

    @pytest.mark.parametrize("target", ["100", "0", "x", "99.999"])
    def test_an_objective_is_a_share_under_the_whole(
        self, mona: User, sign_in: SignIn, target: str
    ) -> None:
        given = {"target": target, "within": "300", "days": "7"}
        assert sign_in(mona).post("/measures/objectives/posted", given).status_code == 422
        assert not Objective.objects.exists()

    def test_an_assumption_is_an_act_and_the_same_one_is_none(
        self, mona: User, sign_in: SignIn
    ) -> None:
        client = sign_in(mona)
        for _ in range(2):
            client.post("/measures/assumptions/matching", {"seconds": "60", "note": "Timed"})
        assert Assumption.objects.get().seconds == 60
        assert Event.objects.filter(action="measures.change").count() == 1


class TestSaved:
    def test_are_rows_that_neither_a_break_nor_a_person_held(
        self, mona: User, sign_in: SignIn
    ) -> None:
        now, us = clock.now(), a_legal_entity("US-INC")
        rules = RuleVersion.objects.create(check_slug="x", number=1, made_at=now, since=now)
        pair = Pair.objects.create(check_slug="x")
        for number, rows in ((1, 500), (2, 400)):
            run = Run.objects.create(
                number=number, pair=pair, legal_entity=us, period_code="2026-11",
                starts=now.date(), ends=now.date(), rules=rules, state="done", began_at=now,
                figures={"USD": {"left": {"count": rows, "amount": 0}}}, by="a test",
                correlation_id="x",
            )  # fmt: skip
        Break.objects.create(
            pair=pair, legal_entity=us, period_code="2026-11", type="amount", fingerprint="f",
            currency="USD", difference=1, first_run=run, last_run=run, opened_at=now,
            left=[{"amount": 1}, {"amount": 2}],
        )  # fmt: skip
        page = sign_in(mona).get("/measures/").content.decode()
        # 398 rows at 90 seconds are 35 820 seconds.
        assert "<strong>9 hours</strong>" in page
        assert "rules matched 398 of 400 rows" in page


class TestPeriodsClosed:
    def test_counts_the_first_name_of_a_reviewer_where_nobody_closed_it_here(
        self, mona: User
    ) -> None:
        us = a_legal_entity("US-INC")
        period = a_period(us, month=10, state="closed")
        a_period(us, month=9, state="closed")
        for later in (4, 9):
            at = datetime(period.ends.year, period.ends.month, period.ends.day, 12, tzinfo=UTC)
            PeriodSignOff.objects.create(
                legal_entity=us, period_code=period.code, role="reviewer", by=mona,
                at=at + timedelta(days=later), evidence="x", told={}, suspended_at=at,
            )  # fmt: skip
        (found,) = closed(since=date(2020, 1, 1))
        assert (found.period, found.days) == (period.code, 4)

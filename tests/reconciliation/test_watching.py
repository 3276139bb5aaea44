"""What is compared without anybody asking, what somebody asked for, and what is learnt by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from revops.kernel import clock
from revops.mappings.models import LegalEntity
from revops.mappings.queries import today
from revops.reconciliation.models import Holding, Load, Run, RunState
from revops.reconciliation.operations import lags, pairs, runs, watching
from tests.reconciliation.lists import Lists, declared

pytestmark = pytest.mark.django_db
AT_ONCE = timedelta(0)


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Lists:
    """The only pair that there is; its rows are of yesterday, and its period is open."""
    made = Lists()
    monkeypatch.setattr(pairs, "sync", lambda: [made.pair])
    monkeypatch.setattr(pairs, "entities_of", lambda pair: [made.entity.pk])
    return made


def look(lists: Lists) -> int:
    with declared(lists.check):
        return watching.look(every=AT_ONCE)


def earlier(lists: Lists) -> None:
    """The last run was an hour ago, but today."""
    hour = clock.now() - timedelta(hours=1)
    Run.objects.update(began_at=hour)
    Holding.objects.update(touched_at=hour - timedelta(hours=1))


class TestLooking:
    def test_compares_the_open_periods_once_until_something_changes(self, lists: Lists) -> None:
        day = today(clock.now()).first
        code = lists.of(day)
        row = lists.bill("INV-1", dated=day)
        assert look(lists) >= 1
        assert {run.full for run in Run.objects.all()} == {False}
        earlier(lists)
        made = Run.objects.count()
        assert look(lists) == 0
        assert Run.objects.count() == made
        lists.edited(row, amount=5)
        assert look(lists) >= 1
        newest = runs.latest_done(lists.pair.pk, lists.entity.pk, code)
        assert newest is not None
        assert newest.figures["USD"]["left"]["amount"] == 5

    def test_is_not_done_twice_at_once(self, lists: Lists) -> None:
        lists.of(today(clock.now()).first)
        assert look(lists) >= 1
        with declared(lists.check):
            assert watching.look(every=timedelta(minutes=3)) == 0

    def test_compares_anew_when_the_day_turns(self, lists: Lists) -> None:
        lists.of(today(clock.now()).first)
        look(lists)
        earlier(lists)
        Run.objects.update(ended_at=clock.now() - timedelta(days=1))
        assert look(lists) >= 1

    def test_the_day_turns_where_the_books_are(
        self, lists: Lists, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Midnight in New York is four or five hours into a day of UTC; here the 16th."""
        midnight = clock.now().replace(day=16, hour=0, minute=0, second=0)

        def made_at(hour: int) -> int:
            monkeypatch.setattr(clock, "now", lambda: midnight + timedelta(hours=hour))
            return look(lists)

        lists.of(midnight.date())
        lists.bill("INV-1", dated=midnight.date(), touched_at=midnight - timedelta(days=2))
        assert made_at(-1) >= 1
        assert made_at(3) == 0
        assert made_at(6) >= 1
        assert made_at(23) == 0

    def test_a_period_begins_where_the_books_are(
        self, lists: Lists, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """October is over in New York four hours after it is in UTC, in Tokyo nine before."""

        def looked_at(hour: int, zone: str) -> set[str]:
            LegalEntity.objects.update(zone=zone)
            at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hour)
            monkeypatch.setattr(clock, "now", lambda: at)
            Run.objects.all().delete()
            look(lists)
            return set(Run.objects.values_list("period_code", flat=True))

        both = {"2026-10", "2026-11"}
        assert looked_at(3, "America/New_York") == {"2026-10"}
        assert looked_at(5, "America/New_York") == both
        assert looked_at(-10, "Asia/Tokyo") == {"2026-10"}
        assert looked_at(-8, "Asia/Tokyo") == both

    def test_by_night_asks_for_everything_in_full_once(self, lists: Lists) -> None:
        lists.of(today(clock.now()).first)
        with declared(lists.check):
            asked = watching.look_at_all()
            assert asked >= 1
            watching.look_at_all()
        waiting = Run.objects.filter(state=RunState.ASKED)
        assert (waiting.count(), waiting.filter(full=True).count()) == (asked, asked)


class TestAsking:
    def test_is_carried_out_by_the_next_worker(self, lists: Lists) -> None:
        lists.bill("INV-1")
        with declared(lists.check):
            for _ in range(2):
                runs.enqueue(
                    pair_id=lists.pair.pk, entity_id=lists.entity.pk, period_code="2026-10",
                    full=True, by="Ana",
                )  # fmt: skip
            asked = Run.objects.get()
            assert (asked.state, asked.by) == ("asked", "Ana")
            assert runs.work(seconds=5) == 1
        asked.refresh_from_db()
        assert asked.state == "done"
        assert [one[0] for one in lists.found()] == ["missing_right"]

    def test_of_a_worker_that_died_fails_in_words(self, lists: Lists) -> None:
        run = lists.run()
        Run.objects.update(state="running", began_at=clock.now() - timedelta(hours=3))
        assert runs.give_up_lost() == 1
        run.refresh_from_db()
        assert (run.state, run.error) == ("failed", "Its worker ended before it did.")

    def test_a_long_list_is_asked_for_seldom(self, lists: Lists) -> None:
        began = clock.now() - timedelta(minutes=30)
        load = Load.objects.filter(connection=lists.left).get()
        load.began_at, load.ended_at = began, began + timedelta(minutes=5)
        assert runs._rest_of(load, patient=True) == timedelta(minutes=100)
        assert runs._rest_of(load, patient=False) == runs.FRESH


class TestLags:
    def test_are_those_of_95_of_100_pairs(self, lists: Lists) -> None:
        day = clock.now().date() - timedelta(days=20)
        for number in range(20):
            late = 9 if number == 0 else number % 4
            lists.bill(f"K{number}", dated=day)
            lists.post(f"K{number}", dated=day + timedelta(days=late))
        with declared(lists.check):
            assert lags.learn(lists.pair) == 3
        assert (lists.pair.lag_days, lists.pair.lag_sample) == (3, 20)

    def test_are_not_learnt_from_a_few(self, lists: Lists) -> None:
        for number in range(19):
            lists.both(f"K{number}", dated=clock.now().date())
        with declared(lists.check):
            assert lags.learn(lists.pair) is None

"""Rows that people pair: what it settles, what it leaves over, and who else has to agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from exceptions.models import Case
from revops.kernel import clock
from revops.reconciliation.models import Break, Match, Pair, Run
from revops.reconciliation.operations import drafts, matching
from revops.reconciliation.operations.matching import MatchRefused, Outcome, RowsChanged, Wanted
from revops.reconciliation.queries import figures, leftovers, suggestions
from tests.reconciliation.world import Payouts, limits, payouts, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(db: None) -> Iterator[tuple[Payouts, Run]]:
    with payouts() as made:
        yield made


@pytest.fixture
def run(bank: tuple[Payouts, Run]) -> Run:
    return bank[1]


def match(
    run: Run, by: User, left: list[str], right: list[str], reason: str = "", note: str = ""
) -> Outcome:
    wanted = Wanted(tokens(run, *left), tokens(run, *right), reason=reason, note=note)
    return matching.match(run=run, wanted=wanted, by=by)


def ties(run: Run) -> bool:
    return not any(one.unclassified for one in figures.of(run).proofs)


class TestAMatch:
    def test_of_equal_sums_settles_its_breaks_and_their_cases(self, run: Run, ana: User) -> None:
        before = Case.objects.exclude(state="resolved").count()
        made = match(run, ana, ["PO-3", "PO-4"], ["BNK-34"]).match
        assert made is not None
        assert (made.left_amount, made.right_amount, made.made_by) == (50_000, 50_000, ana)
        assert {row.item.name for row in leftovers.of(run).left} == {"PO-2", "PO-5"}
        assert Case.objects.exclude(state="resolved").count() == before - 3
        assert ties(run)

    def test_stands_in_the_next_run(self, bank: tuple[Payouts, Run], ana: User) -> None:
        lists, run = bank
        match(run, ana, ["PO-3", "PO-4"], ["BNK-34"])
        again = lists.run()
        assert {row.item.name for row in leftovers.of(again).right} == {"BNK-2", "BNK-5"}
        assert ties(again)

    def test_is_released_by_the_run_that_finds_a_row_changed(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        lists, run = bank
        made = match(run, ana, ["PO-2"], ["BNK-2"]).match
        lists.reads("BNK-2", 49_000)
        again = lists.run()
        assert made is not None
        made.refresh_from_db()
        assert made.released_at is not None
        assert "BNK-2" in {row.item.name for row in leftovers.of(again).right}
        assert ties(again)

    def test_of_a_row_that_changed_since_it_was_picked_is_refused_and_says_so(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        lists, run = bank
        left, right = tokens(run, "PO-2"), tokens(run, "BNK-2")
        drafts.keep(run=run, left=left, right=right, by=ana)
        lists.reads("BNK-2", 49_000)
        lists.run()
        with pytest.raises(RowsChanged, match="changed or left the list"):
            matching.match(run=run, wanted=Wanted(left, right), by=ana)
        kept = drafts.of(run, ana)
        assert kept is not None
        assert kept.right == []

    def test_cannot_be_made_twice(self, run: Run, ana: User) -> None:
        wanted = Wanted(tokens(run, "PO-2"), tokens(run, "BNK-2"))
        matching.match(run=run, wanted=wanted, by=ana)
        with pytest.raises(RowsChanged):
            matching.match(run=run, wanted=wanted, by=ana)
        assert Match.objects.count() == 1

    def test_needs_both_sides_or_a_reason(self, run: Run, ana: User) -> None:
        with pytest.raises(MatchRefused, match="Pick rows on both sides"):
            match(run, ana, ["PO-2"], [])

    def test_is_for_those_who_run_reconciliations(self, run: Run, rae: User) -> None:
        with pytest.raises(NotAllowed):
            match(run, rae, ["PO-2"], ["BNK-2"])


class TestAMatchAcrossPeriods:
    def test_leaves_each_period_its_own_difference_explained(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        lists, october = bank
        lists.post("BNK-LATE", 30_000, dated=date(2026, 11, 2))
        november = lists.run(period="2026-11")
        assert match(november, ana, ["PO-3"], ["BNK-LATE"]).match is not None
        for period in ("2026-10", "2026-11"):
            assert ties(lists.run(period=period)), period
        explained = Break.objects.filter(state="explained").order_by("period_code")
        assert [(one.period_code, one.difference) for one in explained] == [
            ("2026-10", 30_000), ("2026-11", -30_000),
        ]  # fmt: skip
        assert ties(october)


class TestAPageOfASide:
    def test_is_found_by_words_and_amounts_and_begins_with_the_largest(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def names(**how: Any) -> list[str]:
            return [one.item.name for one in leftovers.page_of(run, "left", **how).rows]

        every = leftovers.page_of(run, "left")
        amounts = {one.item.name: abs(one.item.amount) for one in every.rows}
        largest = sorted(amounts, key=lambda name: -amounts[name])
        assert names(order="largest")[0] == largest[0]
        assert names(words="po-2") == ["PO-2"]
        assert names(words="100%_") == []
        money = f"{amounts['PO-5'] // 100:,}.{amounts['PO-5'] % 100:02}"
        assert "PO-5" in names(words=money)
        assert leftovers.page_of(run, "left", words=f"po-5 {money}").total == 1

        monkeypatch.setattr(leftovers, "PAGE", 1)
        second = leftovers.page_of(run, "left", number=2)
        assert (second.number, second.pages) == (2, every.total)
        assert [one.item.name for one in second.rows] == [names()[0], *names(number=2)][1:]
        assert leftovers.page_of(run, "left", number=999).number == every.total

    def test_is_looked_for_among_what_stands_of_its_pair_alone(self, run: Run) -> None:
        (other, *_) = Break.objects.filter(pair=run.pair).order_by("pk")
        other.pk, other.pair = None, Pair.objects.create(check_slug="another")
        # Whoever took it apart would fail.
        other.left = [{"id": "x", "number": "PO-2", "amount": "no number"}]
        other.save()
        assert leftovers.page_of(run, "left", words="po-2").total == 1


class TestADifference:
    def test_needs_a_reason(self, run: Run, ana: User) -> None:
        with pytest.raises(MatchRefused, match="Say what the difference is"):
            match(run, ana, ["PO-5"], ["BNK-5"])

    def test_above_the_tolerance_waits_for_somebody_else(
        self, bank: tuple[Payouts, Run], ana: User, mona: User
    ) -> None:
        limits()
        lists, run = bank
        outcome = match(run, ana, ["PO-5"], ["BNK-5"], "wire_fee")
        request = outcome.request
        assert outcome.match is None
        assert request is not None
        assert "USD" in request.title
        assert {row.item.name for row in leftovers.of(run).left} >= {"PO-5"}
        approvals.decide(
            request_id=request.pk, by=mona, verdict="approve", seen=request.sha256, reason=""
        )
        made = Match.objects.get()
        assert (made.made_by, made.reason, made.approval) == (ana, "wire_fee", str(request))
        left_over = Break.objects.get(match=made, state="explained")
        assert (left_over.difference, left_over.reason) == (1_250, "Wire fee; Ana Lima matched it")
        assert ties(run)
        again = lists.run()
        left_over.refresh_from_db()
        assert left_over.state == "explained"
        assert ties(again)

    def test_within_the_tolerance_of_the_policy_needs_nobody_else(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        limits()
        lists, _ = bank
        lists.bill("PO-6", 10_900)
        lists.post("BNK-6", 10_000)
        run = lists.run()
        outcome = match(run, ana, ["PO-6"], ["BNK-6"], "fee")
        assert outcome.match is not None
        assert ApprovalRequest.objects.get().state == "approved"
        assert ties(run)

    def test_of_timing_clears_by_a_day_and_is_open_again_after_it(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        lists, run = bank
        day = clock.now().date() + timedelta(days=3)
        wanted = Wanted(tokens(run, "PO-5"), tokens(run, "BNK-5"), "timing", day)
        made = matching.match(run=run, wanted=wanted, by=ana).match
        assert made is not None
        waits = Break.objects.get(match=made, state="clearing")
        assert (waits.type, waits.difference, waits.expected_by) == ("timing", 1_250, day)
        assert ties(run)
        # Over in every zone: it may still be yesterday where the books are.
        Match.objects.update(expected_by=clock.now().date() - timedelta(days=2))
        again = lists.run()
        assert {row.item.name for row in leftovers.of(again).left} >= {"PO-5"}
        assert ties(again)

    def test_of_timing_needs_a_day_that_can_come(self, run: Run, ana: User) -> None:
        with pytest.raises(MatchRefused) as refusal:
            match(run, ana, ["PO-5"], ["BNK-5"], "timing")
        assert set(refusal.value.problems) == {"expected_by"}

    def test_of_timing_lasts_until_tomorrow_where_the_books_are(
        self, run: Run, ana: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two in the morning in UTC is still the evening before in New York."""
        day = clock.now().date() + timedelta(days=3)
        monkeypatch.setattr(clock, "now", lambda: datetime.combine(day, time(2), UTC))
        assert run.legal_entity.zone == "America/New_York"

        def until(day: date) -> Outcome:
            wanted = Wanted(tokens(run, "PO-5"), tokens(run, "BNK-5"), "timing", day)
            return matching.match(run=run, wanted=wanted, by=ana)

        with pytest.raises(MatchRefused) as refusal:
            until(day - timedelta(days=1))
        assert set(refusal.value.problems) == {"expected_by"}
        assert until(day).match is not None

    def test_of_one_side_waits_for_its_counterpart_and_matches_nothing(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        lists, run = bank
        day = clock.now().date() + timedelta(days=3)
        wanted = Wanted(tokens(run, "PO-5"), [], "timing", day)
        assert matching.match(run=run, wanted=wanted, by=ana).until == day
        assert not Match.objects.exists()
        again = lists.run()
        held = Break.objects.get(left__contains=[{"number": "PO-5"}])
        assert (held.state, held.expected_by, held.promised_by) == ("clearing", day, ana)
        lists.post("PO-5", 231_250)
        assert ties(again)
        again = lists.run()
        held.refresh_from_db()
        assert held.state == "settled"
        assert ties(again)


class TestReleasing:
    def test_leaves_its_rows_over_again(self, run: Run, ana: User, rob: User) -> None:
        before = figures.of(run).sha256
        made = match(run, ana, ["PO-3", "PO-4"], ["BNK-34"]).match
        assert made is not None
        matching.release(match=made, by=rob, why="Another month")
        assert figures.of(run).sha256 == before
        with pytest.raises(MatchRefused, match="Rob Novak released this match already"):
            matching.release(match=made, by=ana)


class TestSuggestions:
    def test_say_what_belongs_together_and_why(self, run: Run) -> None:
        found = {one.pairing: one for one in suggestions.of(run)}
        first = found["PO-2 ↔ BNK-2"]
        assert first.balanced
        assert ("ok", "amount equal") in first.reasons
        assert ("ok", "text names PO-2") in first.reasons
        sums = found["PO-3 and 1 more ↔ BNK-34"]
        assert sums.balanced
        assert ("ok", "2 rows add up exactly") in sums.reasons

    def test_name_a_difference_that_looks_like_a_fee(self, run: Run) -> None:
        found = next(one for one in suggestions.of(run) if one.pairing == "PO-5 ↔ BNK-5")
        assert found.off.minor == 1_250
        assert not found.balanced

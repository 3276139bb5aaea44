"""A run finds each difference with its type, and no other; what agrees leaves nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.models import User
from exceptions.models import Case
from revops.kernel import clock
from revops.reconciliation.models import Break, Run
from tests import factories as make
from tests.reconciliation.lists import DAY, Lists

pytestmark = pytest.mark.django_db


@pytest.fixture
def lists(db: None) -> Lists:
    return Lists()


def ties(run: Run) -> None:
    """Left − right is the sum of the breaks, to the minor unit, in each currency."""
    assert run.state == "done", run.error
    assert [one["unclassified"] for one in run.figures.values()] == [0] * len(run.figures)


class TestARun:
    def test_of_sides_that_agree_finds_nothing(self, lists: Lists) -> None:
        for number in range(5):
            lists.both(f"INV-{number}", 1_000 + number)
        run = lists.run()
        ties(run)
        assert lists.found() == []
        assert run.figures["USD"]["left"] == {"count": 5, "amount": 5_010}
        assert not Case.objects.exists()

    def test_of_empty_sides_finds_nothing(self, lists: Lists) -> None:
        run = lists.run()
        assert (run.state, run.figures) == ("done", {})

    def test_finds_what_is_missing_on_either_side(self, lists: Lists) -> None:
        lists.both("INV-1")
        lists.bill("INV-2", 1_299_000)
        lists.post("INV-3", 500)
        run = lists.run()
        ties(run)
        assert lists.found() == [
            ("missing_right", "open", 1_299_000), ("missing_left", "open", -500),
        ]  # fmt: skip
        assert run.figures["USD"]["difference"] == 1_298_500

    def test_is_the_same_run_twice(self, lists: Lists) -> None:
        lists.bill("INV-2", 1_299_000)
        lists.both("INV-1")
        first, kept = lists.run(), Break.objects.get()
        second = lists.run()
        assert first.evidence == second.evidence
        assert first.figures == second.figures
        held = Break.objects.get()
        assert (held.pk, held.opened_at, held.last_run_id) == (kept.pk, kept.opened_at, first.pk)
        assert Case.objects.get().occurrences == 1

    def test_settles_what_agrees_now_with_its_case(self, lists: Lists) -> None:
        lists.bill("INV-2", 1_299_000)
        lists.run()
        case = Case.objects.get()
        assert (case.kind, case.at_stake, case.period_code) == (
            "break_missing_right", 1_299_000, "2026-10",
        )  # fmt: skip
        assert case.cause == "ERP lacks invoices that Billing has"
        lists.post("INV-2", 1_299_000)
        lists.run()
        case.refresh_from_db()
        assert (case.state, Break.objects.get().state) == ("resolved", "settled")
        assert lists.found() == []

    def test_that_finds_something_else_in_it_turns_the_case_into_that(self, lists: Lists) -> None:
        lists.bill("INV-2", 1_299_000)
        lists.run()
        lists.post("INV-2", 1_290_000)
        lists.run()
        assert lists.found() == [("amount", "open", 9_000)]
        assert {(one.kind, one.state) for one in Case.objects.all()} == {
            ("break_missing_right", "resolved"), ("break_amount", "open"),
        }  # fmt: skip

    def test_that_has_no_list_fails_in_words_and_changes_nothing(self, lists: Lists) -> None:
        lists.bill("INV-2")
        lists.run()
        lists.pair.right = make.a_connection("nobody", connector="tryton", label="Nobody")
        lists.pair.save()
        run = lists.run()
        assert run.state == "failed"
        assert run.error.startswith("Nobody brought a list of “sheet” from Nobody yet")
        assert lists.found() == [("missing_right", "open", 10_000)]

    def test_keeps_the_version_of_the_rules_that_it_used(self, lists: Lists) -> None:
        run = lists.run()
        assert (run.rules.number, [one.name for one in run.rules.rules.all()]) == (
            1, ["Same key"],
        )  # fmt: skip


class TestPairsOfOneKey:
    def test_differ_in_amount(self, lists: Lists) -> None:
        lists.bill("INV-1", 10_000)
        lists.post("INV-1", 9_900)
        ties(lists.run())
        assert lists.found() == [("amount", "open", 100)]

    def test_differ_in_tax_when_the_net_agrees(self, lists: Lists) -> None:
        """Tax engine and invoice 990.00, the ERP 979.20: it used 8.16 %."""
        lists.bill("INV-1", 1_299_000, tax=99_000)
        lists.post("INV-1", 1_297_920, tax=97_920)
        lists.bill("INV-2", 10_000, tax=900)
        lists.post("INV-2", 10_000, tax=800)
        ties(lists.run())
        assert lists.found() == [("tax", "open", 1_080), ("tax", "open", 0)]
        assert [one.at_stake for one in lists.breaks()] == [1_080, 100]
        assert [one.reason.split(";")[0] for one in lists.breaks()] == [
            "The net agrees", "The total agrees",
        ]  # fmt: skip

    def test_differ_in_currency_with_a_break_in_each_and_one_case(self, lists: Lists) -> None:
        lists.bill("INV-1", 10_000)
        lists.post("INV-1", 10_000, currency="EUR")
        ties(lists.run())
        assert lists.found() == [("currency", "open", 10_000), ("currency", "open", -10_000)]
        assert [one.currency for one in lists.breaks()] == ["USD", "EUR"]
        assert Case.objects.get().kind == "break_currency"

    def test_differ_in_state(self, lists: Lists) -> None:
        """Billing voided it, and the ERP still has it open."""
        lists.bill("INV-1", 10_000, state="void")
        lists.post("INV-1", 10_000)
        ties(lists.run())
        (one,) = lists.breaks()
        assert (one.type, one.difference, one.at_stake) == ("state", 0, 10_000)
        assert one.reason == "It is void in Billing and posted in ERP."

    def test_differ_in_their_day(self, lists: Lists) -> None:
        lists.bill("INV-1")
        lists.post("INV-1", dated=DAY + timedelta(days=4))
        ties(lists.run())
        assert lists.found() == [("period", "open", 0)]

    def test_are_in_different_periods(self, lists: Lists) -> None:
        lists.bill("INV-1")
        lists.post("INV-1", dated=DAY + timedelta(days=30))
        ties(lists.run())
        assert lists.found() == [("period", "open", 10_000)]
        ties(lists.run(period="2026-11"))
        assert lists.found() == [("period", "open", 10_000), ("period", "open", -10_000)]


class TestRowsOfOneSide:
    def test_are_twice_under_one_key(self, lists: Lists) -> None:
        """Two ERP journals with the same external id."""
        lists.both("INV-1", 1_299_000)
        lists.post("INV-1", 1_299_000, external_id="again")
        ties(lists.run())
        (one,) = lists.breaks()
        assert (one.type, one.difference) == ("duplicate", -1_299_000)
        assert one.reason == "ERP has INV-1 more than once."

    def test_are_probably_twice_under_other_ids(self, lists: Lists) -> None:
        """Posted again after a timeout: same amount, day and customer, another id."""
        lists.both("INV-1", 1_299_000)
        lists.post("INV-1b", 1_299_000)
        lists.post("INV-7", 1_299_000, party="Fabrikam")
        ties(lists.run())
        assert lists.found() == [
            ("probable_duplicate", "open", -1_299_000), ("missing_left", "open", -1_299_000),
        ]  # fmt: skip

    def test_were_deleted_on_the_other(self, lists: Lists) -> None:
        lists.bill("INV-1", 1_299_000)
        lists.gone(lists.post("INV-1", 1_299_000))
        ties(lists.run())
        assert lists.found() == [("deleted", "open", 1_299_000)]

    def test_were_edited_on_the_other(self, lists: Lists) -> None:
        lists.bill("INV-1", 1_299_000)
        lists.edited(lists.post("INV-1", 1_299_000), amount=1_200_000)
        lists.bill("INV-2", 500)
        lists.edited(lists.post("INV-2", 400), amount=450)
        ties(lists.run())
        assert lists.found() == [("edited", "open", 99_000), ("amount", "open", 50)]

    def test_are_not_due_when_void(self, lists: Lists) -> None:
        lists.bill("INV-1", 10_000, state="void")
        ties(lists.run())
        assert lists.found() == [("explained", "explained", 10_000)]
        assert not Case.objects.exists()

    def test_without_a_key_stand_alone(self, lists: Lists) -> None:
        lists.post("A", 100, key="", party="")
        lists.post("B", 100, key="", party="")
        ties(lists.run())
        assert lists.found() == [("missing_left", "open", -100)] * 2


class TestTiming:
    def test_clears_by_the_day_that_the_pair_needs(self, lists: Lists) -> None:
        today = clock.local_date(clock.now(), lists.entity.zone)
        day = today - timedelta(days=1)
        lists.bill("INV-1", dated=day)
        run = lists.run(period=lists.of(day))
        ties(run)
        (one,) = lists.breaks()
        assert (one.type, one.state, one.expected_by) == (
            "timing", "clearing", today + timedelta(days=1),
        )  # fmt: skip
        assert not Case.objects.exists()

    def test_is_missing_when_it_is_past(self, lists: Lists) -> None:
        today = clock.local_date(clock.now(), lists.entity.zone)
        day = today - timedelta(days=3)
        lists.bill("INV-1", dated=day)
        lists.run(period=lists.of(day))
        assert lists.found() == [("missing_right", "open", 10_000)]
        assert Case.objects.get().kind == "break_missing_right"

    def test_is_explained_when_it_came_in_the_next_period(self, lists: Lists) -> None:
        """A payout of the last day of a month that the bank shows two days later."""
        lists.bill("po_1", 1_261_299, dated=date(2026, 10, 31))
        lists.post("po_1", 1_261_299, dated=date(2026, 11, 2))
        ties(lists.run())
        (one,) = lists.breaks()
        assert (one.type, one.state) == ("timing", "explained")
        assert one.reason == "It arrived in ERP on 2026-11-02, in another period."

    def test_that_somebody_promised_waits_until_that_day(self, lists: Lists, ana: User) -> None:
        lists.bill("INV-1")
        lists.run()
        until = clock.now().date() + timedelta(days=5)
        Break.objects.update(promised_by=ana, expected_by=until, state="clearing")
        lists.run()
        (one,) = lists.breaks()
        assert (one.state, one.expected_by) == ("clearing", until)
        Break.objects.update(expected_by=DAY)
        lists.run()
        assert lists.breaks()[0].state == "open"

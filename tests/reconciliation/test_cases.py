"""Breaks are cases: grouped by what they likely have in common, and one case for a fault."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest

from exceptions.models import Case, CaseEntry
from revops.reconciliation import kinds
from revops.reconciliation.checks.sides import listed
from revops.reconciliation.models import Break, BreakType
from revops.store import sql
from tests import factories as make
from tests.reconciliation.lists import CHECK, KIND, Lists

pytestmark = pytest.mark.django_db


@pytest.fixture
def lists(db: None) -> Lists:
    return Lists()


class TestCases:
    def test_say_what_stands_on_both_sides(self, lists: Lists) -> None:
        lists.bill("INV-1", 10_000)
        lists.post("INV-1", 9_100)
        run = lists.run()
        case = Case.objects.get()
        assert case.facts == [
            ["Found by", str(run)], ["In Billing", "INV-1, USD\xa0100.00, 2026-10-10, open"],
            ["In ERP", "INV-1, USD\xa091.00, 2026-10-10, posted"], ["Difference", "USD\xa09.00"],
        ]  # fmt: skip
        assert (case.customer_name, case.subject_label, case.at_stake) == ("Contoso", "INV-1", 900)
        assert (case.path, case.blocked_steps) == ("Billing ↔ ERP", ["Tie out the period"])
        assert Break.objects.get().case == case

    def test_of_one_likely_reason_share_a_cause(self, lists: Lists) -> None:
        for number, right in (("A", 100), ("B", 200), ("C", 7_777)):
            lists.bill(number, 10_000 if number == "C" else right * 100)
            lists.post(number, right)
        lists.run()
        causes = {case.subject_label: case.cause for case in Case.objects.all()}
        assert causes["A"] == causes["B"]
        assert causes["A"].endswith("by a factor of 100")
        assert causes["C"] == "Amounts of invoices differ between Billing and ERP"

    def test_are_reported_anew_only_when_the_break_changed(self, lists: Lists) -> None:
        lists.bill("INV-1", 10_000)
        row = lists.post("INV-1", 9_000)
        lists.run()
        lists.run()
        assert Case.objects.get().occurrences == 1
        row.amount = 8_000
        row.save()
        lists.run()
        case = Case.objects.get()
        assert (case.occurrences, case.at_stake) == (2, 2_000)

    def test_of_the_line_stand_for_breaks_of_the_same_record(self) -> None:
        left = listed("{system}", KIND, "billing", record_kind="'journal'", record_id="42")
        lists = Lists(check=replace(CHECK, slug="known", left=left))
        refused = make.a_case(record_kind="journal", record_id=42)
        lists.bill("INV-1")
        lists.run()
        assert Break.objects.get().case == refused
        assert not Case.objects.filter(kind__startswith="break_").exists()
        lists.post("INV-1")
        lists.run()
        refused.refresh_from_db()
        assert (refused.state, Break.objects.get().state) == ("open", "settled")

    def test_are_of_the_kind_that_the_check_names(self) -> None:
        check = replace(CHECK, slug="named", kinds={"missing_right": "break_deleted"})
        lists = Lists(check=check)
        lists.bill("INV-1")
        lists.run()
        assert Case.objects.get().kind == "break_deleted"

    def test_have_a_kind_for_each_type_that_needs_somebody(self) -> None:
        needs = set(BreakType.values) - {BreakType.TIMING, BreakType.EXPLAINED}
        assert {kinds.of(CHECK, one) for one in needs} == {kind.slug for kind in kinds.KINDS}


class TestCarriedForward:
    def test_counts_the_periods_that_a_break_outlived(self, lists: Lists) -> None:
        lists.bill("INV-1")
        lists.run()
        assert [one.carried for one in lists.breaks()] == [0]
        lists.run(period="2026-11")
        (one,) = lists.breaks()
        assert (one.carried, one.period_code, one.state) == (1, "2026-10", "open")


class TestCasesOfKindsThatGaveWay:
    def test_settle_by_themselves(self) -> None:
        old, other = make.a_case(kind="missing_in_target"), make.a_case()
        moved = import_module("revops.reconciliation.migrations.0009_kinds_that_gave_way")
        sql.run(moved.SETTLE)
        old.refresh_from_db()
        other.refresh_from_db()
        assert (old.state, other.state) == ("resolved", "open")
        assert old.resolved_at is not None
        assert CaseEntry.objects.get(case=old).text == old.resolution

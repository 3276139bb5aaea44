"""Rules beyond the key, matches that stand, and what may belong together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from revops.kernel import clock
from revops.reconciliation.checks.base import SAME_KEY, RuleSpec
from revops.reconciliation.engine.suggesting import propose
from revops.reconciliation.items import Item
from revops.reconciliation.models import Match, MatchItem
from revops.reconciliation.queries import suggestions
from tests.reconciliation.lists import CHECK, DAY, Lists
from tests.reconciliation.test_engine import ties

pytestmark = pytest.mark.django_db


def with_rules(*rules: RuleSpec) -> Lists:
    return Lists(check=replace(CHECK, slug="ruled", rules=rules))


def matched() -> list[tuple[list[str], list[str]]]:
    """The rows of each match that stands, left and right."""

    def rows(match: Match, side: str) -> list[str]:
        return sorted(item.item_key.split("-", 2)[2] for item in match.items.filter(side=side))

    return [
        (rows(match, "left"), rows(match, "right"))
        for match in Match.objects.filter(released_at=None).order_by("pk")
    ]


class TestRules:
    def test_join_one_row_with_those_that_share_its_group(self) -> None:
        lists = with_rules(SAME_KEY, RuleSpec("Payout", keys=("group_key",), shape="1:n"))
        lists.bill("po_1", 300, group_key="po_1")
        for number, amount in (("a", 100), ("b", 150), ("c", 50)):
            lists.post(number, amount, group_key="po_1")
        lists.bill("po_2", 300, group_key="po_2")
        lists.post("d", 299, group_key="po_2")
        ties(lists.run())
        assert matched() == [(["po_1"], ["a", "b", "c"])]
        assert [one[0] for one in lists.found()] == ["missing_right", "missing_left"]
        ties(lists.run())
        assert len(matched()) == 1

    def test_join_many_with_one_and_explain_what_they_tolerate(self) -> None:
        rule = RuleSpec(
            "Fees", keys=("group_key",), shape="n:1", amount_within=5, reason="rounding"
        )
        lists = with_rules(SAME_KEY, rule)
        for number, amount in (("a", 100), ("b", 152)):
            lists.bill(number, amount, group_key="po_1")
        lists.post("po_1", 250, group_key="po_1")
        ties(lists.run())
        assert matched() == [(["a", "b"], ["po_1"])]
        assert lists.found() == [("explained", "explained", 2)]
        ties(lists.run())
        assert lists.found() == [("explained", "explained", 2)]

    def test_leave_over_what_could_be_joined_in_two_ways(self) -> None:
        rule = RuleSpec("Same amount", keys=("amount",), days_within=3)
        lists = with_rules(SAME_KEY, rule)
        lists.bill("a", 100, party="")
        lists.post("x", 100, party="")
        lists.post("y", 100, party="")
        lists.bill("b", 200)
        lists.post("z", 200, dated=DAY + timedelta(days=3))
        ties(lists.run())
        assert matched() == [(["b"], ["z"])]
        assert len(lists.breaks()) == 3

    def test_find_the_number_in_the_text(self) -> None:
        rule = RuleSpec("In the text", keys=("amount",), reference_in_text=True)
        lists = with_rules(SAME_KEY, rule)
        lists.bill("po_7781", 900)
        lists.post("line 1", 900, reference="STRIPE PO_7781 TRANSFER")
        lists.post("line 2", 900, reference="STRIPE PO_7782 TRANSFER")
        ties(lists.run())
        assert matched() == [(["po_7781"], ["line 1"])]

    def test_tolerate_within_the_key_with_a_break_that_is_explained(self) -> None:
        lists = with_rules(replace(SAME_KEY, amount_within=5, per_mille=1))
        lists.bill("a", 10_000)
        lists.post("a", 9_995)
        lists.bill("b", 1_000)
        lists.post("b", 995)
        ties(lists.run())
        assert lists.found() == [("explained", "explained", 5), ("amount", "open", 5)]

    def test_that_only_suggest_join_nothing(self) -> None:
        rule = RuleSpec("Same amount", keys=("amount",), automatic=False, days_within=5)
        lists = with_rules(SAME_KEY, rule)
        lists.bill("a", 100, party="Contoso")
        lists.post("x", 100, party="", dated=DAY + timedelta(days=2))
        run = lists.run()
        assert matched() == []
        (one,) = suggestions.of(run)
        assert (one.score, one.balanced, one.pairing) == (80, True, "a ↔ x")
        assert ("ok", "rule “Same amount”") in one.reasons


class TestMatchesOfPeople:
    def made(self, lists: Lists, ana: User, **values: object) -> Match:
        match = Match.objects.create(
            pair=lists.pair, legal_entity=lists.entity, period_code="2026-10", currency="USD",
            left_amount=100, right_amount=100, made_by=ana, made_at=clock.now(), **values,
        )  # fmt: skip
        for side, key in (("left", "lists-billing-a"), ("right", "lists-erp-x")):
            MatchItem.objects.create(
                match=match, pair=lists.pair, side=side, item_key=key, amount=100, dated=DAY
            )
        return match

    def test_stand_before_every_rule(self, ana: User) -> None:
        lists = Lists()
        lists.bill("a", 100)
        lists.post("x", 100)
        lists.post("a", 100)
        self.made(lists, ana)
        ties(lists.run())
        assert [(one.type, one.right_key) for one in lists.breaks()] == [
            ("probable_duplicate", "lists-erp-a")
        ]

    def test_are_released_when_a_row_changed(self, ana: User) -> None:
        lists = Lists()
        lists.bill("a", 100)
        row = lists.post("x", 100)
        match = self.made(lists, ana)
        ties(lists.run())
        assert lists.found() == []
        row.amount = 90
        row.save()
        ties(lists.run())
        match.refresh_from_db()
        assert match.released_why == "A row of it changed."
        assert lists.found() == [("missing_right", "open", 100), ("missing_left", "open", -90)]

    def test_are_released_when_a_row_is_gone(self, ana: User) -> None:
        lists = Lists()
        lists.bill("a", 100)
        row = lists.post("x", 100)
        match = self.made(lists, ana)
        lists.run()
        lists.gone(row)
        ties(lists.run())
        match.refresh_from_db()
        assert match.released_why == "A row of it is gone."
        assert lists.found() == [("missing_right", "open", 100)]


def item(id: str, amount: int, **values: Any) -> Item:
    same: dict[str, Any] = {"currency": "USD", "dated": DAY}
    return Item(id=id, amount=amount, **same | values)


class TestSuggestions:
    def test_name_why(self) -> None:
        (one,) = propose(
            [item("po_1", 500, number="10281", party="Contoso")],
            [item("l1", 500, reference="WIRE 10281", dated=DAY + timedelta(days=2))],
        )
        assert one.score == 95
        assert one.reasons == (
            ("ok", "amount equal"), ("ok", "text names 10281"), ("ok", "date +2 d"),
        )  # fmt: skip

    def test_find_the_few_that_add_up(self) -> None:
        found = propose(
            [item("sum", 1_000, party="Contoso")],
            [item(str(n), amount, party="Contoso") for n, amount in enumerate((400, 350, 250, 90))],
        )
        (one,) = found
        assert [row.id for row in one.right] == ["0", "1", "2"]
        assert one.reasons[0] == ("ok", "3 rows add up exactly")
        assert one.off == 0

    def test_take_each_row_once_and_the_surest_first(self) -> None:
        left = [item("a", 100, party="Contoso"), item("b", 100)]
        right = [item("x", 100, party="Contoso")]
        (one,) = propose(left, right)
        assert (one.left[0].id, one.right[0].id) == ("a", "x")
        assert propose(left[::-1], right) == [one]

    def test_are_not_made_of_strangers(self) -> None:
        assert propose([item("a", 100)], [item("x", 170)]) == []
        assert propose([item("a", 100)], [item("x", 100, currency="EUR")]) == []

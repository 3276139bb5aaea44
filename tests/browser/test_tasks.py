"""The timed tasks are counted as the model says, and are all there that can be done."""

from __future__ import annotations

from django.urls import get_resolver

from revops.bench import tasks
from revops.bench.hand import Hand
from tests.browser.conftest import Visit
from tests.browser.stage import Stage


class TestHand:
    def test_counts_what_it_does(self, visit: Visit) -> None:
        seen = visit("/exceptions/")
        hand = Hand(seen.page)
        hand.decide()
        hand.click(seen.page.locator("#filter-q"))
        hand.type("closed")
        seen.page.wait_for_url("**q=closed")
        hand.click(seen.page.locator("tbody th a").first)
        seen.page.wait_for_url("**/causes/*/")
        assert (hand.clicks, hand.keys, hand.decisions, hand.moves) == (2, 6, 1, 3)
        model = 2 * 1.3 + 6 * 0.28 + 1.35 + 3 * 0.4
        assert round(hand.seconds - 0.5 * hand.screens, 2) == round(model, 2)


class TestTasks:
    def test_t3_reaches_its_goal(self, visit: Visit, stage: Stage) -> None:
        number = stage.case["period_closed"].subject_label.split()[1].rstrip(",")
        done = tasks.find_why(
            visit("/").page, start="/connections/", invoice=number, why="is closed in Tryton"
        )
        assert (done.clicks, done.keys, done.screens) == (0, len(number) + 2, 1)
        assert done.reached

    def test_that_wait_for_pages_wait_for_pages_that_are_not_there(self) -> None:
        """When one of them is built, its task is written, too."""
        built = set(get_resolver().namespace_dict)
        assert not built & {"credits", "approvals", "reconciliation", "close"}
        assert {"T1", "T3", *tasks.NOT_YET} == {f"T{number}" for number in range(1, 6)}

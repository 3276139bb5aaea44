"""Suggestions that people refuse, and what that says of the rule that made them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import User
from accounts.queries import NotAllowed
from revops.reconciliation.models import Match, Refusal, Run
from revops.reconciliation.operations import matching, refusing
from revops.reconciliation.operations.matching import MatchRefused, Wanted
from revops.reconciliation.queries import rules, suggestions
from tests.conftest import SignIn
from tests.reconciliation.world import PAYOUTS, payouts, tokens

pytestmark = pytest.mark.django_db

RULE = "Same amount and text"


@pytest.fixture
def run(db: None) -> Iterator[Run]:
    with payouts() as (_, made):
        yield made


def refuse(run: Run, by: User, left: list[str], right: list[str]) -> Refusal:
    return refusing.refuse(run=run, left=tokens(run, *left), right=tokens(run, *right), by=by)


def pairings(run: Run) -> set[str]:
    return {one.pairing for one in suggestions.of(run)}


def record(name: str) -> rules.Record:
    (lines,) = (one.lines for one in rules.every() if one.check == PAYOUTS)
    return next(line.record for line in lines if line.rule.name == name)


class TestRefusing:
    def test_keeps_it_from_being_suggested_again_and_counts_for_its_rule(
        self, run: Run, ana: User
    ) -> None:
        made = refuse(run, ana, ["PO-2"], ["BNK-2"])
        assert made.rule is not None
        assert made.rule.name == RULE
        assert "PO-2 ↔ BNK-2" not in pairings(run)
        assert (record(RULE).refused, record(RULE).offered) == (1, 1)
        # Somebody who knows better matches them all the same.
        wanted = Wanted(tokens(run, "PO-2"), tokens(run, "BNK-2"))
        done = matching.match(run=run, wanted=wanted, by=ana).match
        assert done is not None
        assert done.rule is None

    def test_of_a_sum_leaves_its_rows_to_the_next_best(self, run: Run, ana: User) -> None:
        before = pairings(run)
        made = refuse(run, ana, ["PO-3", "PO-4"], ["BNK-34"])
        assert made.rule is None
        assert "PO-3 and 1 more ↔ BNK-34" in before - pairings(run)
        assert record(RULE).refused == 0

    def test_of_what_is_not_suggested_is_refused(self, run: Run, ana: User) -> None:
        with pytest.raises(MatchRefused, match="not suggested any more"):
            refuse(run, ana, ["PO-5"], ["BNK-2"])

    def test_takes_who_may_match(self, run: Run, rae: User) -> None:
        with pytest.raises(NotAllowed):
            refuse(run, rae, ["PO-2"], ["BNK-2"])
        assert not Refusal.objects.exists()

    def test_is_a_button_beside_each(self, run: Run, ana: User, sign_in: SignIn) -> None:
        browser, address = sign_in(ana), f"/reconciliation/runs/REC-{run.number}/match/"
        typed = {"left": tokens(run, "PO-2"), "right": tokens(run, "BNK-2"), "act": "refuse"}
        page = browser.post(address, typed, follow=True).content.decode()
        assert "It is not suggested any more." in page
        assert "PO-2 ↔ BNK-2" not in page
        assert browser.post(address, typed).status_code == 409
        told = browser.get("/reconciliation/rules/").content.decode()
        assert "1 refused, 0" in told


def test_a_suggestion_that_somebody_takes_is_a_hit_of_its_rule(run: Run, ana: User) -> None:
    wanted = Wanted(tokens(run, "PO-2"), tokens(run, "BNK-2"))
    matching.match(run=run, wanted=wanted, by=ana)
    assert Match.objects.get().rule is not None
    assert (record(RULE).hits, record(RULE).kept, record(RULE).all) == (1, 1, 1)

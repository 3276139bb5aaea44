"""Rules in versions: a draft, its trial, somebody else's yes, and what a run then uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import operations as approvals
from revops.reconciliation import terms
from revops.reconciliation.models import Break, Match, Run
from revops.reconciliation.operations import matching, rules, trials
from revops.reconciliation.operations.matching import Wanted
from revops.reconciliation.operations.rules import RulesRefused
from revops.reconciliation.queries import rules as queries
from tests.reconciliation.world import PAYOUTS, Payouts, limits, payouts, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(db: None) -> Iterator[tuple[Payouts, Run]]:
    with payouts() as made:
        yield made


def values(**given: Any) -> dict[str, Any]:
    base = {
        "name": "Amount and text", "strength": "automatic", "shape": "1:1",
        "keys": ["amount", "currency"], "reference_in_text": True, "amount_within": 0,
        "per_mille": 0, "days_within": None, "reason": "", "legal_entity_id": None, "currency": "",
    }  # fmt: skip
    return base | given


class TestADraft:
    def test_begins_as_a_copy_of_what_is_in_force(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        draft = rules.draft(check_slug=PAYOUTS.slug, by=ana)
        assert (draft.number, draft.since) == (2, None)
        assert [one.name for one in draft.rules.order_by("position")] == [
            "Same key", "Same amount and text",
        ]  # fmt: skip
        assert rules.draft(check_slug=PAYOUTS.slug, by=ana).pk == draft.pk

    def test_is_changed_moved_and_reset(self, bank: tuple[Payouts, Run], ana: User) -> None:
        draft = rules.draft(check_slug=PAYOUTS.slug, by=ana)
        rules.put(version=draft, by=ana, values=values())
        rules.move(version=draft, by=ana, position=3, to="up")
        assert [one.name for one in draft.rules.order_by("position")][1] == "Amount and text"
        rules.move(version=draft, by=ana, position=1, to="remove")
        assert [one.position for one in draft.rules.order_by("position")] == [1, 2]
        rules.reset(version=draft, by=ana)
        assert [one.name for one in draft.rules.order_by("position")][0] == "Same key"

    def test_refuses_a_rule_that_would_join_strangers(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        draft = rules.draft(check_slug=PAYOUTS.slug, by=ana)
        with pytest.raises(RulesRefused, match="join strangers"):
            rules.put(
                version=draft,
                by=ana,
                values=values(keys=["currency", "dated"], reference_in_text=False),
            )

    def test_is_for_finance_and_revops(self, bank: tuple[Payouts, Run], mona: User) -> None:
        with pytest.raises(NotAllowed):
            rules.draft(check_slug=PAYOUTS.slug, by=mona)


class TestATrial:
    def test_says_what_the_draft_would_do_and_keeps_nothing(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        _, run = bank
        draft = rules.draft(check_slug=PAYOUTS.slug, by=ana)
        rules.put(version=draft, by=ana, values=values())
        before = list(Break.objects.order_by("pk").values_list("pk", "state"))
        tried = trials.trial(version=draft, run=run, by=ana)
        assert (tried.stands.matched, tried.tried.matched) == (0, 1)
        assert tried.tried.breaks < tried.stands.breaks
        assert list(Break.objects.order_by("pk").values_list("pk", "state")) == before
        assert (Run.objects.count(), Match.objects.count()) == (1, 0)

    def test_counts_where_people_decided_otherwise(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        lists, _ = bank
        lists.post("BNK-X", 70_000)
        lists.bill("PO-X", 70_000)
        run = lists.run()
        wanted = Wanted(tokens(run, "PO-X"), tokens(run, "BNK-2"), "other", note="Agreed by phone")
        approvals.begin_with(
            subject="match_difference", tiers=approvals.NOBODY, since=run.starts, made_by="Setup"
        )
        matching.match(run=run, wanted=wanted, by=ana)
        draft = rules.draft(check_slug=PAYOUTS.slug, by=ana)
        rules.put(version=draft, by=ana, values=values())
        assert trials.trial(version=draft, run=run, by=ana).conflicts == 1


class TestComingIntoForce:
    def test_takes_somebody_elses_yes_and_counts_for_the_next_run(
        self, bank: tuple[Payouts, Run], ana: User, mona: User
    ) -> None:
        limits()
        lists, run = bank
        draft = rules.draft(check_slug=PAYOUTS.slug, by=ana)
        rules.put(version=draft, by=ana, values=values())
        request = rules.send(version=draft, note="The bank never writes our number", by=ana)
        with pytest.raises(RulesRefused, match="waits for a decision"):
            rules.put(version=draft, by=ana, values=values(name="Another"))
        approvals.decide(
            request_id=request.pk, by=mona, verdict="approve", seen=request.sha256, reason=""
        )
        draft.refresh_from_db()
        assert draft.since is not None
        again = lists.run()
        assert (run.rules.number, again.rules.number) == (1, 2)
        made = Match.objects.get()
        assert made.rule is not None
        line = next(one for one in queries.of_version(draft) if one.rule.name == "Amount and text")
        assert (line.record.hits, line.record.released) == (1, 0)

    def test_is_free_again_when_it_is_not_agreed_to(
        self, bank: tuple[Payouts, Run], ana: User, mona: User
    ) -> None:
        limits()
        draft = rules.draft(check_slug=PAYOUTS.slug, by=ana)
        request = rules.send(version=draft, note="Better", by=ana)
        approvals.decide(
            request_id=request.pk,
            by=mona,
            verdict="reject",
            seen=request.sha256,
            reason="Not now, please",
        )
        draft.refresh_from_db()
        assert (draft.since, draft.approval) == (None, "")


class TestWords:
    def test_of_a_rule_read_as_a_sentence(self) -> None:
        told = terms.sentence(
            values(days_within=3, keys=["party", "amount"], reference_in_text=False)
        )
        assert told == "Same customer and amount; at most 3 days apart; one to one"

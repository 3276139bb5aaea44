"""Two names under figures, who may give them, and when they count no longer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from revops.notices.models import Notice
from revops.reconciliation.models import Run, SignOff
from revops.reconciliation.operations import carrying, matching, signing
from revops.reconciliation.operations.carrying import CarryRefused
from revops.reconciliation.operations.matching import Wanted
from revops.reconciliation.operations.signing import SignOffRefused
from revops.reconciliation.queries import figures, signoffs
from tests.reconciliation.world import Payouts, limits, payouts, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(db: None) -> Iterator[tuple[Payouts, Run]]:
    with payouts() as made:
        yield made


def sign(run: Run, by: User, role: str) -> SignOff:
    return signing.sign(run=run, role=role, by=by, seen=figures.of(run).sha256)


def clean(run: Run, by: User) -> None:
    """Everything matched but PO-5, whose fee somebody agreed to."""
    for left, right in ((["PO-2"], ["BNK-2"]), (["PO-3", "PO-4"], ["BNK-34"])):
        wanted = Wanted(tokens(run, *left), tokens(run, *right))
        matching.match(run=run, wanted=wanted, by=by)


class TestASignOff:
    def test_waits_until_no_break_needs_a_decision(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        with pytest.raises(SignOffRefused, match="breaks need a decision"):
            sign(bank[1], ana, "preparer")

    def test_is_of_two_people_who_are_not_the_same(
        self, bank: tuple[Payouts, Run], ana: User, mona: User
    ) -> None:
        lists, _ = bank
        run = _all_agree(lists)
        with pytest.raises(SignOffRefused, match="preparer first"):
            sign(run, mona, "reviewer")
        sign(run, ana, "preparer")
        with pytest.raises(NotAllowed, match="somebody else decides"):
            sign(run, ana, "reviewer")
        sign(run, mona, "reviewer")
        assert set(signoffs.standing(run)) == {"preparer", "reviewer"}

    def test_is_not_reviewed_by_who_matched(
        self, bank: tuple[Payouts, Run], ana: User, mona: User
    ) -> None:
        lists, run = bank
        clean(run, ana)
        lists.post("PO-5", 231_250)
        lists.bill("BNK-5", 230_000)
        run = lists.run()
        sign(run, mona, "preparer")
        with pytest.raises(NotAllowed):
            sign(run, ana, "reviewer")

    def test_is_for_bookkeepers(self, bank: tuple[Payouts, Run], rob: User) -> None:
        with pytest.raises(NotAllowed):
            sign(bank[1], rob, "preparer")

    def test_is_of_the_figures_that_were_seen(self, bank: tuple[Payouts, Run], ana: User) -> None:
        run = _all_agree(bank[0])
        with pytest.raises(SignOffRefused, match="changed while you looked"):
            signing.sign(run=run, role="preparer", by=ana, seen="0" * 64)


class TestSuspension:
    def test_comes_by_itself_when_a_number_changes_and_tells_who_signed(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        lists, _ = bank
        run = _all_agree(lists)
        sign(run, ana, "preparer")
        lists.bill("PO-9", 700)
        again = lists.run()
        held = SignOff.objects.get()
        assert held.suspended_at is not None
        assert signoffs.standing(again) == {}
        told = Notice.objects.get(recipient=ana, kind=signing.KIND)
        assert told.title == f"Your sign-off of {run} is suspended"
        assert told.link == f"/reconciliation/runs/REC-{run.number}/"

    def test_does_not_come_when_the_next_run_finds_the_same(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        lists, _ = bank
        run = _all_agree(lists)
        sign(run, ana, "preparer")
        again = lists.run()
        assert signoffs.standing(again)["preparer"].by == ana
        assert not Notice.objects.filter(kind=signing.KIND).exists()


class TestCarryingForward:
    def test_up_to_the_limit_needs_a_reason_and_nobody_else(
        self, bank: tuple[Payouts, Run], ana: User
    ) -> None:
        limits()
        lists, _ = bank
        run = _all_agree(lists, but=900)
        with pytest.raises(CarryRefused, match="Say why"):
            carrying.ask(run=run, reason=" ", by=ana)
        carrying.ask(run=run, reason="The bank is late", by=ana)
        assert sign(run, ana, "preparer").role == "preparer"

    def test_above_it_waits_for_a_manager_and_counts_for_exactly_these_breaks(
        self, bank: tuple[Payouts, Run], ana: User, mona: User
    ) -> None:
        limits()
        lists, _ = bank
        run = _all_agree(lists, but=90_000)
        request = carrying.ask(run=run, reason="The bank is late", by=ana)
        with pytest.raises(SignOffRefused):
            sign(run, ana, "preparer")
        approvals.decide(
            request_id=request.pk, by=mona, verdict="approve", seen=request.sha256, reason=""
        )
        assert ApprovalRequest.objects.get(pk=request.pk).state == "approved"
        sign(run, ana, "preparer")
        lists.bill("PO-10", 5_000)
        with pytest.raises(SignOffRefused):
            sign(lists.run(), ana, "preparer")


def _all_agree(lists: Payouts, *, but: int = 0) -> Run:
    """Whatever is left over arrives; ``but`` is an amount that does not."""
    for number, amount in (("PO-2", 50_000), ("PO-3", 30_000), ("PO-4", 20_000)):
        lists.post(number, amount)
    lists.post("PO-5", 231_250)
    for number, amount in (("BNK-2", 50_000), ("BNK-34", 50_000), ("BNK-5", 230_000)):
        lists.bill(number, amount)
    if but:
        lists.bill("PO-8", but)
    return lists.run()

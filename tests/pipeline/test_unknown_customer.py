"""A customer that documents name and nobody told of: linked, or made here, on the cause's page."""

from __future__ import annotations

import pytest

from accounts.authority import NotAllowed
from accounts.models import User
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.proof import Proof
from exceptions.fixes import FixRefused
from exceptions.models import Case
from revops.canonical.models import Customer, Party
from revops.events.models import InboundEvent
from revops.kernel import clock
from revops.kernel.money import Money
from revops.pipeline.fixing.customers import UnknownCustomer
from tests.pipeline.rehearsal import Rehearsal

FIX = UnknownCustomer()
REASON = "Its contract names it; billing lost the webhook."


@pytest.fixture
def case(line: Rehearsal) -> Case:
    """An invoice whose customer billing has not told of for too long; another one is known."""
    line.customer(name="Halden Media")
    line.deliver()
    line.subscribe()
    line.deliver([one for one in line.events() if one["type"] != "customer.created"])
    line.run()
    InboundEvent.objects.filter(state="parked").update(deadline_at=clock.now(), next_at=clock.now())
    line.run()
    found = Case.objects.filter(kind="customer_unmatched", at_stake__isnull=False).first()
    assert found is not None
    return found


def agree(by: User) -> None:
    request = ApprovalRequest.objects.get()
    approvals.decide(
        request_id=request.pk, verdict="approve", by=by, seen=request.sha256,
        proof=Proof(by.pk, clock.now()),
    )  # fmt: skip


class TestAnUnknownCustomer:
    def test_is_linked_with_a_known_one_and_what_waited_goes_on(
        self, line: Rehearsal, case: Case, rob: User, ana: User
    ) -> None:
        known = Party.objects.get()
        typed = {"way": "link", "known": f"PTY-{known.pk}"}
        before = InboundEvent.objects.count()
        seen = FIX.look(case.cause_key, typed, user=rob, at=clock.now())
        assert seen is not None
        assert seen.clears >= 1
        assert Money(1_299_000, "USD") in seen.money
        assert seen.asks
        assert InboundEvent.objects.count() == before
        with pytest.raises(NotAllowed):
            FIX.apply(case.cause_key, typed, reason=REASON, user=ana, at=clock.now())
        with pytest.raises(FixRefused, match="known here"):
            FIX.apply(case.cause_key, {"known": "PTY-0"}, reason=REASON, user=rob, at=clock.now())

        FIX.apply(case.cause_key, typed, reason=REASON, user=rob, at=clock.now())
        panel = FIX.panel(case.cause_key, {}, user=rob, at=clock.now())
        assert panel is not None
        assert panel.waiting is not None
        agree(ana)
        line.settle()

        assert not line.open_cases()
        assert Customer.objects.filter(party=known).count() == 2
        line.assert_books_agree()

    def test_is_made_here_and_gives_way_to_what_its_system_says(
        self, line: Rehearsal, case: Case, rob: User, ana: User
    ) -> None:
        typed = {"way": "make", "name": "Alder by hand", "entity": "US-INC"}
        assert FIX.look(case.cause_key, {"way": "make"}, user=rob, at=clock.now()) is None
        FIX.apply(case.cause_key, typed, reason=REASON, user=rob, at=clock.now())
        agree(ana)
        line.settle()
        assert not line.open_cases()
        assert Customer.objects.filter(name="Alder by hand").count() == 1
        told = [e for e in line.stripe.world.all("event") if e["type"] == "customer.created"]
        line.deliver(told)
        line.settle()
        assert not Customer.objects.filter(name="Alder by hand").exists()

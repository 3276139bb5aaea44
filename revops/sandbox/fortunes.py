"""
What becomes of credits in the demo beyond the desk's cases: one is applied, one in part, one is
taken back, and one that billing refuses. People ask and decide; billing's sandbox does the rest.
``play`` is called again and again, and each time does what has become possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import structlog

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.subjects import CannotApply
from revops.canonical.models import Invoice
from revops.credits import life
from revops.credits.life import CannotChange
from revops.credits.models import ServiceCredit
from revops.credits.operations import drafting, reversing, sending
from revops.credits.operations.sending import Incomplete
from revops.credits.queries.sheet import Draft
from revops.sandbox.company import STRIPE
from revops.sandbox.tours.base import Act, NotPossible

log = structlog.get_logger(__name__)
_ENTITY: Final = "US-INC"


@dataclass(frozen=True, slots=True)
class Fortune:
    """A credit of goodwill on an invoice of that state, and what becomes of it."""

    note: str
    amount: str
    of: str
    ends: str


FORTUNES: Final = (
    Fortune("Thanks for waiting for the new export", "60.00", "paid", "applied"),
    Fortune("Two seats were never used", "300.00", "paid", "partly"),
    Fortune("Onboarding took longer than said", "90.00", "issued", "reversed"),
    Fortune("A report was wrong for a day", "75.00", "paid", "failed"),
)
# In minor units: billed next, so that a balance is used up, or in part.
_NEXT: Final = {"applied": 50_000, "partly": 10_000}


def play() -> int:
    """How much was done."""
    done = 0
    for one in FORTUNES:
        try:
            done += _go_on(one)
        except (
            CannotApply, CannotChange, Incomplete, NotAllowed, NotPossible,
            approvals.ApprovalRefused,
        ) as error:  # fmt: skip
            log.info("fortunes.not_possible", note=one.note, why=str(error))
    return done


def _go_on(one: Fortune) -> int:
    credit = (
        ServiceCredit.objects.filter(note__startswith=one.note)
        .select_related("invoice", "customer", "memo")
        .first()
    )
    if credit is None:
        return _begin(one)
    if credit.state == life.WAITING:
        if one.ends == "failed":
            _billing("hold", invoice=_source(credit))
        _decide(credit.approval_id)
        return 1
    if credit.state != life.ISSUED or credit.posted_at is None or credit.memo is None:
        return 0
    if one.ends == "reversed":
        return _take_back(credit)
    if one.ends in _NEXT and credit.memo.settles == "balance" and not credit.memo.applied:
        return _bill_next(credit, _NEXT[one.ends])
    return 0


def _begin(one: Fortune) -> int:
    """Finance asks, of an invoice whose customer nobody else gives anything."""
    taken = ServiceCredit.objects.exclude(customer=None).values("customer_id")
    invoice = (
        Invoice.objects.filter(state=one.of, credited=0, legal_entity__code=_ENTITY, net__gt=50_000)
        .exclude(customer__in=taken)
        .order_by("-issued_on", "pk")
        .first()
    )
    if invoice is None:
        return 0
    draft = Draft(
        sought=invoice.number, invoice_id=invoice.pk, credit_type="goodwill",
        reason_code="relationship", amount=one.amount, note=f"{one.note}. Agreed with sales.",
    )  # fmt: skip
    priya = _person("priya")
    credit, found = drafting.save(by=priya, draft=draft)
    if not found.problems:
        sending.send(by=priya, credit_id=credit.pk)
    return 1


def _take_back(credit: ServiceCredit) -> int:
    if credit.reversing == life.ASKED:
        _decide(credit.reversal_id)
        return 1
    if credit.reversing or credit.reversal_id:
        return 0
    reversing.ask(by=_person("priya"), credit_id=credit.pk, reason="It was another customer’s.")
    return 1


def _bill_next(credit: ServiceCredit, amount: int) -> int:
    """Once: what is billed next uses the balance by itself."""
    assert credit.customer is not None
    newer = Invoice.objects.filter(customer=credit.customer, pk__gt=credit.invoice_id or 0)
    if credit.issued_at and newer.filter(created_at__gt=credit.issued_at).exists():
        return 0
    _billing("issue", customer=credit.customer.source_id, amount=amount)
    return 1


def _decide(number: int | None) -> None:
    request = ApprovalRequest.objects.get(pk=number or 0)
    approvals.decide(
        request_id=request.pk, verdict="approve", by=_person("marcus"), seen=request.sha256,
        reason="Agreed.",
    )  # fmt: skip


def _billing(scenario: str, **values: Any) -> None:
    """Raises NotPossible where billing is no sandbox, or says no."""
    Act(STRIPE, scenario, lambda _: values, lambda _: {}).play({}, by="")


def _source(credit: ServiceCredit) -> str:
    assert credit.invoice is not None
    return credit.invoice.source_id


def _person(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.example")

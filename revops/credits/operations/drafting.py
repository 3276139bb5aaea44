"""Drafts: saved while somebody writes, taken up from a rule, discarded."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import NotAllowed, actor_of, authorize
from revops.audit.operations import nothing_to_record, record, recorded
from revops.credits import life
from revops.credits.life import CannotChange
from revops.credits.models import ServiceCredit
from revops.credits.operations import telling
from revops.credits.queries.listing import seen_by
from revops.credits.queries.sheet import Draft, Sheet, sheet
from revops.kernel import clock, correlation

ACTION: Final = "credits.request"


class CreditUnknown(LookupError):
    """There is no such request, or it is not this person's to see."""


@recorded
def save(*, by: User, draft: Draft, credit_id: int | None = None) -> tuple[ServiceCredit, Sheet]:
    """
    Keep what somebody has written so far, complete or not. Raises NotAllowed, CreditUnknown, and
    CannotChange when it was sent meanwhile.
    """
    authorize(by, ACTION)
    now = clock.now()
    with transaction.atomic():
        credit = locked(credit_id) if credit_id else ServiceCredit(
            asked_by=by, created_at=now, updated_at=now,
            correlation_id=correlation.current() or correlation.new_id(),
        )  # fmt: skip
        mine(credit, by)
        if credit.state != life.DRAFT:
            raise CannotChange(f"{credit} was sent meanwhile: it is {_word(credit)}.")
        found = sheet(draft, by=by.pk, at=now, credit=credit if credit.pk else None)
        apply(credit, found)
        if found.invoice is not None and found.invoice.legal_entity is not None:
            authorize(by, ACTION, entities=[found.invoice.legal_entity.code])
        credit.updated_at = now
        credit.save()
    nothing_to_record("A draft asks nobody for anything.")
    return credit, found


def apply(credit: ServiceCredit, found: Sheet) -> None:
    """What was written becomes the draft's fields; what makes no sense is kept as typed."""
    draft = found.draft
    credit.sought = draft.sought[:200]
    credit.customer = found.found.customer
    credit.invoice = found.invoice
    credit.support_case = found.case
    credit.connection = found.invoice.connection if found.invoice else None
    credit.legal_entity = found.invoice.legal_entity if found.invoice else None
    credit.ticket = (draft.ticket or (found.case.source_id if found.case else ""))[:120]
    credit.credit_type = draft.credit_type if draft.credit_type in life.TYPES else "sla_period"
    credit.reason_code = draft.reason_code if draft.reason_code in life.REASONS else "uptime"
    credit.currency = found.currency
    credit.amount = found.amount
    credit.entitled_on = found.entitled_on
    credit.expected_tax = found.preview.tax if found.preview else 0
    credit.proposed = found.assessment.proposed if found.assessment else None
    credit.maximum = found.assessment.maximum if found.assessment else None
    credit.beyond = found.beyond[:300]
    credit.asks_exception = draft.asks_exception
    credit.saw_duplicates = draft.saw_duplicates
    credit.note = draft.note.strip()


@recorded
def discard(*, by: User, credit_id: int) -> None:
    """
    A draft that nobody will send. What a rule raised for an open right is refused with it, so that
    nothing stays accrued. Raises NotAllowed, CreditUnknown, CannotChange.
    """
    authorize(by, ACTION)
    with transaction.atomic():
        credit = locked(credit_id)
        mine(credit, by)
        if credit.state != life.DRAFT:
            raise CannotChange(f"{credit} was sent: take it back instead.")
        if credit.approval_id is not None:
            raise CannotChange(f"{credit} was sent back to you: answer it, or take it back.")
        credit.state = life.follow(credit.state, life.WITHDRAWN)
        credit.ended_at = credit.updated_at = clock.now()
        credit.decided_by = by.name
        credit.answer = "The draft was discarded."
        telling.refused(credit)
        credit.save()
        telling.note(credit, "The draft was discarded.", by=by.name)
        record(
            "credit.discarded", by=actor_of(by), kind="credit", reference=credit.number,
            entity=credit.legal_entity.code if credit.legal_entity else "",
        )  # fmt: skip


def locked(credit_id: int) -> ServiceCredit:
    """The request, for this transaction. Raises CreditUnknown."""
    found = (
        ServiceCredit.objects.select_for_update(of=("self",))
        .select_related(
            "connection", "customer__party", "invoice", "legal_entity", "support_case", "rule",
            "asked_by", "memo",
        )
        .filter(pk=credit_id)
        .first()
    )  # fmt: skip
    if found is None:
        raise CreditUnknown(f"There is no CR-{credit_id}.")
    return found


def mine(credit: ServiceCredit, user: User) -> None:
    """
    Whoever asked works on it; what a rule raised is anybody's who may ask.

    Raises NotAllowed, and CreditUnknown to who does not see it: another's draft is nobody else's
    to know of, whether they read or write.
    """
    if credit.asked_by_id not in (None, user.pk):
        assert credit.asked_by is not None
        if not seen_by(user).filter(pk=credit.pk).exists():
            raise CreditUnknown(f"There is no {credit}.")
        raise NotAllowed(f"{credit} is {credit.asked_by.name}’s. Only they can change it.")


def _word(credit: ServiceCredit) -> str:
    return life.STATES[credit.state].lower()

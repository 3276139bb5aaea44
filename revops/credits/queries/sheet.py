"""
Everything that the page of a request shows and that sending it checks: who and what it is about,
what policy says, what will post, who decides, and what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from approvals.queries.rules import Asked, trial
from approvals.subjects import Lift
from revops.canonical.models import Invoice, Party, SupportCase
from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.policy import SLA, Assessment, Past, assess, exception
from revops.credits.preview import Preview, preview
from revops.credits.queries import finder
from revops.credits.queries.finder import Found
from revops.credits.queries.situation import billed, situation
from revops.kernel.clock import local_date
from revops.kernel.money import AmountInvalid, Money

SUBJECT: Final = "service_credit"
HIGHER: Final = Lift(plus=1, why="It is an exception from policy, so one tier higher.")
_SHORTEST: Final = 10
_LONGEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person typed or a rule says; texts as they came."""

    sought: str = ""
    invoice_id: int | None = None
    case_id: int | None = None
    party_id: int | None = None
    credit_type: str = SLA
    reason_code: str = "uptime"
    amount: str = ""
    happened_on: date | None = None
    ticket: str = ""
    note: str = ""
    asks_exception: bool = False
    saw_duplicates: bool = False

    @classmethod
    def of(cls, credit: ServiceCredit) -> Draft:
        """The draft that was saved."""
        shown = ""
        if credit.amount is not None and credit.currency:
            shown = f"{Money(credit.amount, credit.currency).decimal}"
        return cls(
            credit.sought,
            credit.invoice_id,
            credit.support_case_id,
            credit.customer.party_id if credit.customer else None,
            credit.credit_type,
            credit.reason_code,
            shown,
            credit.entitled_on,
            credit.ticket,
            credit.note,
            credit.asks_exception,
            credit.saw_duplicates,
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """``problems`` by field; a request without any can be sent. ``amount`` is in minor units."""

    draft: Draft
    found: Found = Found()
    invoices: Sequence[Invoice] = ()
    assessment: Assessment | None = None
    earlier: Sequence[Past] = ()
    amount: int | None = None
    entitled_on: date | None = None
    preview: Preview | None = None
    beyond: str = ""
    asked: Asked | None = None
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def invoice(self) -> Invoice | None:
        return self.found.invoice

    @property
    def case(self) -> SupportCase | None:
        return self.found.case

    @property
    def currency(self) -> str:
        return self.invoice.currency if self.invoice else ""

    @property
    def missed(self) -> str:
        """What the case says was not kept, for people."""
        promise = self.case.promise.replace("_", " ") if self.case else ""
        return promise or "its service level"

    @property
    def money(self) -> Money | None:
        return Money(self.amount, self.currency) if self.amount is not None else None


def sheet(
    draft: Draft, *, by: int | None, at: datetime, credit: ServiceCredit | None = None
) -> Sheet:
    """``credit``: the saved request, which is not its own duplicate. ``by`` may not decide it."""
    found = _with_ticket(_found(draft), draft.ticket)
    problems: dict[str, str] = {}
    if found.party is None:
        said = "Choose one of them." if found.choices else "No customer, invoice or case is found."
        problems["sought"] = said if draft.sought else "Say which customer, invoice or case."
        return Sheet(draft, found, problems=problems)
    day = _day(draft, found)
    offered = finder.invoices_of(found.party, day=day)
    if found.invoice is None or found.customer is None:
        problems["invoice"] = "Nothing has been billed that a credit could lower."
        return Sheet(draft, found, offered, problems=problems)
    invoice = found.invoice
    entity = invoice.legal_entity
    today = local_date(at, entity.zone) if entity else at.date()
    facts = situation(
        customer=found.customer, invoice=invoice, case=found.case, today=today,
        ticket=draft.ticket, besides=credit.pk if credit else None,
    )  # fmt: skip
    entitled_on = day or today
    if draft.happened_on and facts.broken_on is None and facts.promise:
        facts = replace(facts, broken_on=draft.happened_on)
    assessment = assess(facts, draft.credit_type)
    amount = _amount(draft, invoice, problems)
    beyond = ""
    if amount is not None:
        _limits(amount, assessment, invoice, problems)
        beyond = exception(assessment, draft.credit_type, amount, invoice.currency)
    _rest(draft, assessment, beyond, entitled_on, today, problems)
    sheet = Sheet(
        draft, found, offered, assessment, facts.past, amount, entitled_on,
        beyond=beyond, problems=problems,
    )  # fmt: skip
    if amount is None or "amount" in problems:
        return sheet
    shown = preview(
        invoice=invoice, lines=billed(invoice), number=credit.number if credit else "CR-new",
        credit_type=draft.credit_type, amount=amount, entitled_on=entitled_on, today=today, at=at,
    )  # fmt: skip
    if shown.problem:
        problems.setdefault("books", f"The books cannot take it: {shown.problem}")
    asked = trial(
        subject=SUBJECT, entity=entity.code if entity else "",
        amount=Money(amount, invoice.currency), customer=found.party.pk,
        reason_code=draft.reason_code, by=by, lift=HIGHER if beyond else Lift(), at=at,
        besides=credit.approval_id if credit else None,
    )  # fmt: skip
    return replace(sheet, preview=shown, asked=asked)


def _found(draft: Draft) -> Found:
    """What was chosen counts before what was typed."""
    case = (
        SupportCase.objects.select_related("customer__party", "invoice")
        .filter(pk=draft.case_id)
        .first()
        if draft.case_id
        else None
    )
    if draft.invoice_id:
        invoice = (
            Invoice.objects.select_related(
                "customer__party", "customer__connection", "legal_entity", "connection"
            )
            .filter(pk=draft.invoice_id)
            .first()
        )
        if invoice is not None:
            return Found(invoice.customer.party, invoice.customer, invoice, case)
    if case is not None:
        return finder.of_case(case)
    if draft.party_id:
        party = Party.objects.filter(pk=draft.party_id, merged_into=None).first()
        if party is not None:
            return finder.of_party(party, day=draft.happened_on)
    return finder.seek(draft.sought)


def _with_ticket(found: Found, ticket: str) -> Found:
    """The case to tell of it is the ground of it, too, when it is the same customer's."""
    if found.party is None or found.case is not None or not ticket.strip():
        return found
    case = (
        SupportCase.objects.select_related("customer__party", "invoice")
        .filter(source_id=ticket.strip())
        .first()
    )
    if case is None or (case.customer and case.customer.party_id != found.party.pk):
        return found
    return replace(found, case=case)


def _day(draft: Draft, found: Found) -> date | None:
    """The day that gave the right: the case's, else what the person says."""
    if found.case is not None and found.case.breached_on is not None:
        return found.case.breached_on
    return draft.happened_on


def _amount(draft: Draft, invoice: Invoice, problems: dict[str, str]) -> int | None:
    text = draft.amount.replace(",", "").replace(" ", "").strip()
    if not text:
        problems["amount"] = "Say how much, before tax."
        return None
    try:
        amount = Money.parse(text, invoice.currency).minor
    except AmountInvalid:
        problems["amount"] = f"This is no amount in {invoice.currency}."
        return None
    if amount <= 0:
        problems["amount"] = "A credit is more than nothing."
        return None
    return amount


def _limits(
    amount: int, assessment: Assessment, invoice: Invoice, problems: dict[str, str]
) -> None:
    if amount > assessment.ceiling:
        left = Money(assessment.ceiling, invoice.currency)
        problems["amount"] = f"Of {invoice.number} only {left} is left to credit."


def _rest(
    draft: Draft, assessment: Assessment, beyond: str, entitled_on: date, today: date,
    problems: dict[str, str],
) -> None:  # fmt: skip
    note = draft.note.strip()
    if draft.credit_type not in life.TYPES:
        problems["credit_type"] = "Choose what kind of credit it is."
    if draft.reason_code not in life.REASONS:
        problems["reason"] = "Choose a reason."
    if entitled_on > today:
        problems["happened_on"] = "It cannot have happened after today."
    if beyond and not draft.asks_exception:
        problems["exception"] = f"{beyond} Ask for an exception, or change it."
    needs_note = bool(beyond) or draft.credit_type in life.JUDGED
    if needs_note and len(note) < _SHORTEST:
        problems["note"] = "Say why, in a sentence: the approver and the books rest on it."
    if len(note) > _LONGEST:
        problems["note"] = f"At most {_LONGEST:,} characters."
    if assessment.duplicates and not draft.saw_duplicates:
        numbers = ", ".join(one.number for one in assessment.duplicates[:3])
        problems["duplicates"] = f"Look at {numbers} first: it may be the same credit."

"""
A case misses its SLA: from the rule that raises a credit to Tryton's books and the ticket. What the
steps look for is here; ``crediting`` is what happens in them.
"""

from __future__ import annotations

from typing import Final

from exceptions.models import Case
from revops.canonical.models import Customer, Invoice
from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.sandbox.company import SALESFORCE, STRIPE
from revops.sandbox.tours import crediting
from revops.sandbox.tours.base import Facts, Step, Tour
from revops.sandbox.tours.finding import known, page, posted, record, thread, told


def _sold(facts: Facts) -> Facts | None:
    """One customer of sales and billing, and its invoice in the ERP."""
    row = record(Invoice, STRIPE, facts["invoice"])
    account = record(Customer, SALESFORCE, facts["account"])
    if row is None or account is None or row.customer.party_id != account.party_id:
        return None
    if posted("invoice", row.pk) is None:
        return None
    return {"invoice_id": row.pk, "party_id": account.party_id}


def _raised(facts: Facts) -> Facts | None:
    credit = crediting.credit_of(facts)
    if credit is None or credit.record_id is None or credit.support_case_id is None:
        return None
    return {
        "credit": credit.pk, "request_id": credit.record_id, "case_id": credit.support_case_id,
    }  # fmt: skip


def _credit(facts: Facts) -> ServiceCredit:
    return ServiceCredit.objects.get(pk=facts["credit"])


def _accrued(facts: Facts) -> Facts | None:
    entry = posted("credit", facts["request_id"], "credit_accrual")
    return None if entry is None else {"accrual_id": entry.pk}


def _sent(facts: Facts) -> Facts | None:
    credit = _credit(facts)
    return None if credit.approval_id is None else {"approval": credit.approval_id}


def _refused(facts: Facts) -> Facts | None:
    """Billing's no is a case."""
    found = Case.objects.filter(
        kind="refused", connection_slug=STRIPE, record_kind="credit", record_id=facts["request_id"]
    )
    case = found.order_by("-pk").first()
    return None if case is None else {"refusal": case.pk, "cause": case.cause_key}


def _released(facts: Facts) -> Facts | None:
    return {}


def _issued(facts: Facts) -> Facts | None:
    credit = _credit(facts)
    if credit.state != life.ISSUED or credit.memo_id is None:
        return None
    return {"memo_id": credit.memo_id}


def _booked(facts: Facts) -> Facts | None:
    entry = posted("credit", facts["memo_id"])
    if entry is None or _credit(facts).posted_at is None:
        return None
    return {"journal_id": entry.pk}


def _told(facts: Facts) -> Facts | None:
    of = ("credit", facts["memo_id"])
    run = told("credit.issued", "success.payment_signal", *of)
    others = [
        told("credit.issued", step, *of) for step in ("support.credit_state", "crm.invoice_state")
    ]
    return None if run is None or None in others else {"told_run": run}


TOUR: Final = Tour(
    slug="service-credit",
    title="A broken promise is made good",
    about="A case misses its SLA. Follow the credit to the ERP’s books, with one refusal between.",
    steps=(
        Step(
            "account", "Sales enters a customer", "Salesforce has an account for it.",
            known(Customer, SALESFORCE, "account"), thread("customer", "account_id"),
            crediting.ACCOUNT,
        ),
        Step(
            "sold", "It buys the Scale plan",
            "Three times, for 145,500.00 US dollars a year, some weeks ago. The invoice is posted.",
            _sold, thread("invoice", "invoice_id"), crediting.SELL,
        ),
        Step(
            "breach", "A ticket says what was promised and not kept",
            "Zendesk tells of it, and a rule raises a credit. Look at what the customer has a "
            "right to.",
            _raised, page("credits:one", "credit"), crediting.BREACH,
        ),
        Step(
            "accrued", "The month ends before anybody decides",
            "What is due is accrued in the month that gave the right to it. The console does this "
            "by itself every night.",
            _accrued, page("console:journal", "accrual_id"), crediting.ACCRUE,
        ),
        Step(
            "send", "Support sends it for approval",
            "Tom Brandt does it. Look at who decides, and at who may not: Tom among them.",
            _sent, page("approvals:approval", "approval"), crediting.SEND,
        ),
        Step(
            "approve", "A finance manager approves, and billing refuses",
            "Marcus Oyelaran says yes. Billing keeps the invoice under review, so there is a case.",
            _refused, page("exceptions:case", "refusal"), crediting.APPROVE,
        ),
        Step(
            "release", "Billing ends its review", "The case is still open: nobody has retried.",
            _released, page("exceptions:case", "refusal"), crediting.RELEASE,
        ),
        Step(
            "issued", "The credit note is issued",
            "Open the case and press “Retry”. Billing makes one credit note, however often asked.",
            _issued, page("credits:one", "credit"),
        ),
        Step(
            "booked", "The credit memo is in the ERP",
            "It uses up what was accrued. Look at its lines.",
            _booked, page("console:journal", "journal_id"),
        ),
        Step(
            "told", "The ticket, sales and customer success are told",
            "Only after the posting. Look at the whole thread, from the case to the books.",
            _told, thread("credit", "memo_id"),
        ),
    ),
)  # fmt: skip

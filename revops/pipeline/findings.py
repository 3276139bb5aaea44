"""Cases that the line finds, in business words: what happened, to whose money, and what waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from exceptions.findings import Finding
from revops.delivery.claims import Ending
from revops.delivery.drain import Target
from revops.kernel.money import Money
from revops.pipeline.flows.capabilities import TITLES

if TYPE_CHECKING:
    from revops.pipeline.outcomes import Subject

# The connector's stable words → the kind of case.
KIND_OF_CODE: Final[Mapping[str, str]] = {
    "period_closed": "period_closed",
    "unbalanced": "unbalanced",
    "duplicate": "duplicate_posting",
    "conflict": "conflict",
    "poison": "poison",
    "account_unknown": "target_setup",
    "journal_missing": "target_setup",
    "party_missing": "target_setup",
    "company_missing": "target_setup",
    "period_missing": "target_setup",
    "currency_mismatch": "target_setup",
    "item_missing": "target_setup",
    "receivable_missing": "target_setup",
    "receipt_method_missing": "target_setup",
    "cost_centre_unknown": "target_setup",
    "class_unknown": "target_setup",
    "field_unknown": "target_setup",
    "document_unfit": "target_setup",
    "approval_pending": "target_setup",
    "parameter": "target_setup",
    "invoice_state": "credit_outdated",
}

# What a command's case may be of while it is delivered; from one to another it stays the same case.
OF_DELIVERY: Final = frozenset({*KIND_OF_CODE.values(), "refused", "in_doubt", "partial_posting"})

DOCUMENTS: Final[Mapping[str, str]] = {
    "invoice": "Invoice",
    "payment": "Payment",
    "fee": "Processing fee",
    "payout": "Payout",
    "refund": "Refund",
    "void": "Voided invoice",
    "recognition": "Revenue recognition",
    "application": "Application",
    "credit": "Credit memo",
    "return": "Returned payment",
    "dispute": "Dispute",
    "dispute_result": "Dispute decided",
    "write_off": "Write-off",
    "recovery": "Recovery",
    "remittance": "Tax remittance",
    "payout_return": "Returned payout",
    "refund_return": "Returned refund",
    "drawdown": "Prepaid usage",
    "usage_accrual": "Usage accrual",
    "credit_accrual": "Credit accrual",
    "late_accrual": "Accrual of a late document",
    "provision": "Credit loss provision",
    "reclass": "Reclassification",
    "presentation": "Presentation",
    "remeasurement": "Remeasurement",
    "exchange": "Exchange",
    "transfer": "Transfer",
}


def stopped(target: Target, ending: Ending, subject: Subject | None) -> Finding:
    """A command that a target refused, or that a person has to look at."""
    work, row = ending.work, ending.row
    kind = KIND_OF_CODE.get(row.code, "refused")
    label = target.manifest.label
    amount = Money(work.amount, work.currency) if work.amount else None
    reason = row.reason.rstrip(".") or f"{label} refused it"
    # Identical reasons share a root; numbers of single documents would tear them apart.
    cause_parts = f"{target.settings.slug}|{row.code}|{_root(row.code, work.period_code, reason)}"
    return Finding(
        kind=kind,
        identity=f"command:{work.id}",
        cause_parts=cause_parts,
        cause=_cause(row.code, label, work.period_code, reason),
        what_happened=f"{_lead(subject, amount)} is not in {label}. {reason}.",
        legal_entity_id=work.legal_entity_id,
        period_code=work.period_code,
        currency=work.currency,
        at_stake=work.amount if work.currency else None,
        path=f"Console → {label} · {_document(subject).lower()}",
        customer_name=subject.customer_name if subject else "",
        subject_label=_name(subject),
        blocked_steps=(_step(subject, label),),
        facts=(
            (
                "Accounting date",
                subject.accounting_date.isoformat() if subject and subject.accounting_date else "",
            ),
            ("Answer", reason),
        ),
        command_id=work.id,
        record_kind=work.subject_kind,
        record_id=work.subject_id,
        connection_slug=target.settings.slug,
        correlation_id=work.correlation_id,
    )


def in_doubt(target: Target, ending: Ending, subject: Subject | None) -> Finding:
    """A command that was sent and not answered."""
    work, row = ending.work, ending.row
    label = target.manifest.label
    amount = Money(work.amount, work.currency) if work.amount else None
    return Finding(
        kind="in_doubt",
        identity=f"command:{work.id}",
        cause_parts=f"{target.settings.slug}|in_doubt",
        cause=f"{label} did not answer",
        what_happened=(
            f"{_lead(subject, amount)} was sent to {label} and not answered. "
            "It may or may not be there; the console asks before it does anything else."
        ),
        legal_entity_id=work.legal_entity_id,
        period_code=work.period_code,
        currency=work.currency,
        at_stake=work.amount if work.currency else None,
        path=f"Console → {label} · {_document(subject).lower()}",
        customer_name=subject.customer_name if subject else "",
        subject_label=_name(subject),
        blocked_steps=(f"Know whether {label} holds it",),
        facts=(("Answer", row.reason),) if row.reason else (),
        command_id=work.id,
        record_kind=work.subject_kind,
        record_id=work.subject_id,
        connection_slug=target.settings.slug,
        correlation_id=work.correlation_id,
        state="in_doubt",
        checks_at=row.next_at,
    )


def _lead(subject: Subject | None, amount: Money | None) -> str:
    return _name(subject) if amount is None else f"{_name(subject)}, over {amount},"


def _step(subject: Subject | None, label: str) -> str:
    """What waits: a posting, or that a system is told of something."""
    return f"Tell {label}" if subject and subject.accounting_date is None else f"Post to {label}"


def _name(subject: Subject | None) -> str:
    if subject is None:
        return "A command"
    return subject.description or f"{_document(subject)} {subject.business_key}"


def _document(subject: Subject | None) -> str:
    if subject is None:
        return "Document"
    return DOCUMENTS.get(subject.document_type) or TITLES.get(subject.document_type, "Document")


def _root(code: str, period: str, reason: str) -> str:
    if code == "period_closed":
        return period
    return reason if code not in ("duplicate", "conflict", "poison") else ""


def _cause(code: str, label: str, period: str, reason: str) -> str:
    match code:
        case "period_closed":
            return f"Period {period} is closed in {label}"
        case "unbalanced":
            return f"{label} says that entries do not balance"
        case "duplicate":
            return f"{label} holds a posting more than once"
        case "conflict":
            return f"{label} holds something else under our key"
        case "poison":
            return "Work on a posting ends the worker"
        case _:
            return reason

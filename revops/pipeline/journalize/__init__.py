"""
Business event → journal drafts: which posting rule applies, with which facts.

    knowledge.py     what the rules need, read once for a batch and kept current within it
    facts.py         how it is given to them, and what they answer
    invoices.py …    one module a subject: event in, drafts and changes of schedules out

The rules are pure and live in ``revops/ledger/rules``. What an answer does to schedules is done
only when the line has taken it (``Booked.then``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from revops.contracts.base import EventData
from revops.pipeline.journalize import (
    adjustments,
    credits,
    disputes,
    invoices,
    payments,
    subscriptions,
    taking_back,
    write_offs,
)
from revops.pipeline.journalize.facts import Booked, Facts
from revops.pipeline.journalize.knowledge import Knowledge

# What counts by its effective day, even when a newer version of the record is known.
LATE: Final = frozenset(("subscription.paused/1", "subscription.resumed/1"))

__all__ = ["LATE", "Booked", "Facts", "Knowledge", "accounting_date", "journalize"]


def journalize(data: EventData, facts: Facts) -> Booked:
    """
    Raises what the rules raise: MappingMissing, PeriodMissing, ServicePeriodMissing, Unbalanced,
    LimitExceeded.
    """
    rule = _RULES.get(data.contract)
    return rule(data, facts) if rule else Booked(note=_NO_JOURNAL.get(data.contract, ""))


_RULES: Final[Mapping[str, Callable[[Any, Facts], Booked]]] = {
    "invoice.issued/1": invoices.issued,
    "invoice.voided/1": invoices.voided,
    "invoice.written_off/1": write_offs.written_off,
    "invoice.recovered/1": write_offs.recovered,
    "payment.applied/1": payments.applied,
    "payment.refunded/1": payments.refunded,
    "refund.returned/1": taking_back.refund_returned,
    "payment.returned/1": disputes.returned,
    "payout.settled/1": payments.settled,
    "payout.returned/1": payments.payout_returned,
    "dispute.opened/1": disputes.opened,
    "dispute.closed/1": disputes.closed,
    "credit.issued/1": credits.issued,
    "credit.voided/1": taking_back.voided,
    "credit.applied/1": credits.applied,
    "credit.rejected/1": credits.rejected,
    "credit_loss.estimated/1": adjustments.estimated,
    "tax.remitted/1": adjustments.remitted,
    "subscription.paused/1": subscriptions.paused,
    "subscription.resumed/1": subscriptions.resumed,
    "subscription.cancelled/1": subscriptions.cancelled,
}

_FOLLOWS: Final = "Revenue follows the invoice, not the subscription."
_NO_JOURNAL: Final = {
    "customer.created/1": "A customer is no journal.",
    "customer.updated/1": "A customer is no journal.",
    "customer.merged/1": "A customer is no journal.",
    "opportunity.updated/1": "An opportunity is no journal.",
    "opportunity.won/1": "What was won becomes revenue with its invoices.",
    "opportunity.lost/1": "An opportunity is no journal.",
    "quote.accepted/1": "A quote is no journal.",
    "contract.signed/1": "A contract becomes revenue with its invoices.",
    "contract.amended/1": "A contract becomes revenue with its invoices.",
    "contract.renewed/1": "A contract becomes revenue with its invoices.",
    "contract.cancelled/1": "A contract becomes revenue with its invoices.",
    "subscription.activated/1": _FOLLOWS,
    "subscription.upgraded/1": _FOLLOWS,
    "subscription.downgraded/1": _FOLLOWS,
    "subscription.seats_changed/1": _FOLLOWS,
    "subscription.renewed/1": _FOLLOWS,
    "invoice.paid/1": "The payment is journalized, not the invoice's state.",
    "invoice.overdue/1": "That an invoice is overdue changes no book.",
    "payment.failed/1": "A declined payment moves no money (J8a).",
    "credit.requested/1": "A credit is journalized when it is issued, or accrued at period end.",
    "credit.approved/1": "An approval is no journal; the credit memo is.",
    "usage.recorded/1": "Usage is journalized when it is accrued or billed.",
    "usage.threshold_crossed/1": "A threshold changes no book.",
    "entitlement.granted/1": "What was granted for nothing makes no journal.",
    "entitlement.changed/1": "An entitlement is no journal.",
    "entitlement.revoked/1": "An entitlement is no journal.",
    "tax.calculated/1": "The tax is journalized with its invoice.",
}


def accounting_date(data: EventData) -> date | None:
    """The day that decides the period, or None for events without a journal."""
    for name in _DAYS:
        day: date | None = getattr(data, name, None)
        if day is not None:
            return day
    return None


_DAYS: Final = (
    "issued_on", "received_on", "refunded_on", "arrived_on", "voided_on", "written_off_on",
    "recovered_on", "returned_on", "opened_on", "closed_on", "applied_on", "remitted_on",
    "estimated_on", "rejected_on",
)  # fmt: skip

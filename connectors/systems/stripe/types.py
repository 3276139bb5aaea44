"""
Stripe's event types as this connector knows them (https://docs.stripe.com/api/events/types).

A type is translated, or known to need nothing, or unknown: then it becomes a case, because ignoring
it could make the books wrong silently.
"""

from __future__ import annotations

from typing import Final

# Made by our own poll; Stripe sends no event for these facts.
BALANCE_TRANSACTION: Final = "balance_transaction.created"
PAYOUT_ITEMS: Final = "payout.itemized"
INVOICE_LINES: Final = "invoice.itemized"
CREDIT_LINES: Final = "credit_note.itemized"
BALANCE_APPLIED: Final = "customer_balance.applied"
PRICE_TIERS: Final = "price.tiered"
# An object as it is now, asked for because events of one second disagree (reading.py).
READ: Final = ".read"
# What asking tells beyond an event of the same moment is newer than that event, in seconds.
TOLD_LATER: Final = 3600
MADE_BY_POLLING: Final = frozenset(
    (
        BALANCE_TRANSACTION,
        PAYOUT_ITEMS,
        INVOICE_LINES,
        CREDIT_LINES,
        BALANCE_APPLIED,
        PRICE_TIERS,
    )
)

_OWN_EVENT: Final = "What it changes is announced by an event of its own."
_NO_BOOKS: Final = "It changes nothing in the books."
_BEFORE_FINAL: Final = "Only final invoices are journalized."
_NOT_MONEY_YET: Final = "No money has moved yet."

NOTHING_TO_DO: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "balance.available",
            "checkout.session.async_payment_failed",
            "checkout.session.async_payment_succeeded",
            "checkout.session.completed",
            "invoice.updated",
            "invoice_payment.created",
            "payment_intent.partially_funded",
            "payout.created",
            "payout.reconciliation_completed",
            "payout.updated",
        ),
        _OWN_EVENT,
    ),
    **dict.fromkeys(
        (
            "account.updated",
            "charge.dispute.updated",
            "credit_note.updated",
            "checkout.session.expired",
            "coupon.created",
            "coupon.deleted",
            "coupon.updated",
            "customer.deleted",
            "customer.discount.created",
            "customer.discount.deleted",
            "customer.discount.updated",
            "customer.source.created",
            "customer.source.deleted",
            "customer.source.expiring",
            "customer.source.updated",
            "customer.subscription.pending_update_applied",
            "customer.subscription.pending_update_expired",
            "customer.subscription.trial_will_end",
            "customer.tax_id.created",
            "customer.tax_id.deleted",
            "customer.tax_id.updated",
            "payment_method.attached",
            "payment_method.automatically_updated",
            "payment_method.detached",
            "payment_method.updated",
            "plan.created",
            "plan.deleted",
            "plan.updated",
            "promotion_code.created",
            "promotion_code.updated",
            "setup_intent.canceled",
            "setup_intent.created",
            "setup_intent.requires_action",
            "setup_intent.setup_failed",
            "setup_intent.succeeded",
            "source.canceled",
            "source.chargeable",
            "source.failed",
            "tax_rate.created",
            "tax_rate.updated",
        ),
        _NO_BOOKS,
    ),
    **dict.fromkeys(
        (
            "invoice.deleted",
            "invoice.finalization_failed",
            "invoice.sent",
            "invoice.upcoming",
            "invoice.will_be_due",
            "invoiceitem.created",
            "invoiceitem.deleted",
            "invoiceitem.updated",
        ),
        _BEFORE_FINAL,
    ),
    **dict.fromkeys(
        (
            "charge.expired",
            "charge.pending",
            "charge.updated",
            "invoice.payment_action_required",
            "payment_intent.amount_capturable_updated",
            "payment_intent.canceled",
            "payment_intent.created",
            "payment_intent.processing",
            "payment_intent.requires_action",
            "payout.canceled",
        ),
        _NOT_MONEY_YET,
    ),
}

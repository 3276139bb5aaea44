"""Which event becomes which business events, and which need nothing done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from connectors.contract import PayloadUnreadable, TypeUnknown
from connectors.systems.stripe import (
    billing,
    catalogue,
    credit_notes,
    customers,
    disputes,
    entitlements,
    payments,
    payouts,
    reading,
    refunds,
    subscriptions,
    types,
    wire,
)
from connectors.systems.stripe.heard import Heard
from connectors.systems.stripe.wire import Json
from revops.contracts.base import EventData

Translator = Callable[[Heard], Sequence[EventData]]


def ignored(kind: str, obj: Json, previous: Json) -> str:
    """Why an event of this type and content needs nothing done; empty when it does."""
    if kind in types.NOTHING_TO_DO:
        return types.NOTHING_TO_DO[kind]
    if kind.endswith(types.READ):
        return reading.ignored(kind, obj)
    try:
        return _ignored(kind, obj, previous)
    except (PayloadUnreadable, TypeUnknown):
        return ""  # translating it will say what is wrong


def _ignored(kind: str, obj: Json, previous: Json) -> str:
    if kind.startswith("customer.subscription."):
        return subscriptions.ignored(kind, obj, previous)
    if kind.startswith("charge.dispute."):
        return disputes.ignored(kind, obj) if kind in _TRANSLATORS else ""
    if kind.startswith(("product.", "price.")):
        return catalogue.ignored(kind, obj)
    if kind == "credit_note.created":
        return credit_notes.ignored(obj)
    if kind == entitlements.CHANGED:
        return entitlements.ignored(obj, previous)
    return _invoice_ignored(kind, obj) or _money_ignored(kind, obj)


def _invoice_ignored(kind: str, obj: Json) -> str:
    status = wire.text(obj.get("status"))
    if kind == "invoice.created" and status not in billing.FINAL:
        return "The invoice is a draft; it counts once it is final."
    if kind in _ISSUE_ONLY and status == "open" and billing.is_cut_short(obj):
        return "The invoice has more lines than its event holds; the next poll reads them all."
    return ""


def _money_ignored(kind: str, obj: Json) -> str:
    status = wire.text(obj.get("status"))
    if kind == "charge.succeeded" and obj.get("captured") is False:
        return "The charge is authorised, not captured; no money has moved yet."
    if kind in _REFUNDS and status in refunds.OVER:
        return refunds.never_left(obj)
    if kind in _REFUNDS and status not in ("succeeded", ""):
        return f"The refund is {status.replace('_', ' ')}; it counts once it succeeded."
    if kind == "charge.refunded" and not wire.part(obj.get("refunds")).get("data"):
        return "Each refund is announced by an event of its own."
    if kind == types.BALANCE_TRANSACTION and not payments.is_of_charge(obj):
        return "It is told by the refund, dispute or payout that it belongs to."
    return ""


def events(kind: str, heard: Heard) -> Sequence[EventData]:
    """Raises TypeUnknown, PayloadUnreadable or ContractBroken."""
    translator = _TRANSLATORS.get(kind)
    if translator is None:
        raise TypeUnknown(f"Stripe's event type “{kind}” is not one that this console knows.")
    return translator(heard)


def _issued(heard: Heard) -> Sequence[EventData]:
    """The invoice, and whatever its state already says beyond that it was issued."""
    obj = heard.obj
    if obj.get("status") == "paid":
        return _paid(heard)
    if obj.get("status") == "void":
        return [*_invoice(heard), billing.invoice_voided(obj, heard.zone, heard.created)]
    if obj.get("status") == "uncollectible":
        return [*_invoice(heard), billing.invoice_written_off(heard)]
    return _invoice(heard)


def _paid(heard: Heard) -> Sequence[EventData]:
    told = [*_invoice(heard)]
    if billing.was_written_off(heard.obj):
        told += [billing.invoice_written_off(heard), billing.invoice_recovered(heard)]
    return [*told, billing.invoice_paid(heard.obj, heard.zone, heard.created)]


def _voided(heard: Heard) -> Sequence[EventData]:
    return [*_invoice(heard), billing.invoice_voided(heard.obj, heard.zone, heard.created)]


def _written_off(heard: Heard) -> Sequence[EventData]:
    return [*_invoice(heard), billing.invoice_written_off(heard)]


def _overdue(heard: Heard) -> Sequence[EventData]:
    return [*_invoice(heard), billing.invoice_overdue(heard.obj, heard.zone)]


def _invoice(heard: Heard) -> Sequence[EventData]:
    """Nothing when the event holds only some of the lines; then the poll tells of the invoice."""
    obj = heard.obj
    return () if billing.is_cut_short(obj) else [billing.invoice_issued(obj, heard.zone)]


def _payment_failed(heard: Heard) -> Sequence[EventData]:
    issued = _issued(heard) if heard.obj.get("status") in billing.FINAL else ()
    failed = payments.invoice_payment_failed(heard.obj, heard.zone, heard.created)
    return [*issued, *([failed] if failed else ())]


def _refunded(heard: Heard) -> Sequence[EventData]:
    """A refund that came back may have been told as paid or not, so that is told once more."""
    told = [refunds.refunded(heard.obj, heard.zone)]
    if heard.obj.get("status") in refunds.OVER:
        told.append(refunds.returned(heard.obj, heard.zone, heard.created))
    return told


def _one(make: Callable[[Json, str, int], EventData]) -> Translator:
    return lambda heard: [make(heard.obj, heard.zone, heard.created)]


_ISSUE_ONLY: Final = ("invoice.created", "invoice.finalized")
_REFUNDS: Final = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")

_TRANSLATORS: Final[Mapping[str, Translator]] = {
    "customer.created": lambda heard: [customers.told("customer.created/1", heard)],
    "customer.updated": lambda heard: [customers.told("customer.updated/1", heard)],
    "product.created": catalogue.product,
    "product.updated": catalogue.product,
    "product.deleted": lambda heard: catalogue.product(heard, deleted=True),
    "price.created": catalogue.price,
    "price.updated": catalogue.price,
    "price.deleted": lambda heard: catalogue.price(heard, deleted=True),
    "customer.subscription.created": subscriptions.activated,
    "customer.subscription.updated": subscriptions.updated,
    "customer.subscription.paused": subscriptions.paused,
    "customer.subscription.resumed": subscriptions.resumed,
    "customer.subscription.deleted": subscriptions.deleted,
    entitlements.CHANGED: entitlements.changed,
    "invoice.created": _issued,
    "invoice.finalized": _issued,
    "invoice.overdue": _overdue,
    "invoice.marked_uncollectible": _written_off,
    "invoice.paid": _paid,
    "invoice.payment_succeeded": _paid,
    "invoice.voided": _voided,
    "invoice.payment_failed": _payment_failed,
    "invoice_payment.paid": _one(payments.invoice_payment_applied),
    "credit_note.created": credit_notes.issued,
    "credit_note.voided": credit_notes.voided,
    "charge.succeeded": _one(payments.charge_applied),
    "charge.captured": _one(payments.charge_applied),
    "charge.failed": _one(payments.charge_failed),
    "charge.refunded": lambda heard: refunds.of_charge(heard.obj, heard.zone),
    "charge.dispute.created": disputes.opened,
    "charge.dispute.funds_withdrawn": disputes.opened,
    "charge.dispute.funds_reinstated": disputes.closed,
    "charge.dispute.closed": disputes.closed,
    "payment_intent.succeeded": _one(payments.intent_applied),
    "payment_intent.payment_failed": _one(payments.intent_failed),
    **dict.fromkeys(_REFUNDS, _refunded),
    "payout.paid": lambda heard: [payouts.settled(heard.obj)],
    "payout.failed": lambda heard: payouts.returned(heard.obj, heard.zone, heard.created),
    **reading.TRANSLATORS,
    f"invoice{types.READ}": _issued,
    types.INVOICE_LINES: lambda heard: [billing.invoice_issued(heard.obj, heard.zone)],
    types.CREDIT_LINES: credit_notes.issued,
    types.BALANCE_APPLIED: credit_notes.applied,
    types.PRICE_TIERS: catalogue.price,
    types.PAYOUT_ITEMS: lambda heard: [payouts.settled(heard.obj)],
    types.BALANCE_TRANSACTION: lambda heard: [payments.transaction_told(heard.obj, heard.zone)],
}

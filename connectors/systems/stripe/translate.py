"""Which event becomes which business events, and which need nothing done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from connectors.contract import TypeUnknown
from connectors.systems.stripe import billing, payments, types, wire
from connectors.systems.stripe.wire import Json
from revops.contracts.base import EventData

Translator = Callable[[Json, str, int], Sequence[EventData]]


def ignored(kind: str, obj: Json) -> str:
    """Why an event of this type and content needs nothing done; empty when it does."""
    if kind in types.NOTHING_TO_DO:
        return types.NOTHING_TO_DO[kind]
    status = wire.text(obj.get("status"))
    if kind.startswith("customer.subscription.") and status != "active":
        return f"The subscription is {status.replace('_', ' ')}: it does not run."
    if kind == "invoice.created" and status not in billing.FINAL:
        return "The invoice is a draft; it counts once it is final."
    if kind in _ISSUE_ONLY and status == "open" and billing.is_cut_short(obj):
        return "The invoice has more lines than its event holds; the next poll reads them all."
    if kind == "charge.succeeded" and obj.get("captured") is False:
        return "The charge is authorised, not captured; no money has moved yet."
    if kind in _REFUNDS and status not in ("succeeded", ""):
        return f"The refund is {status.replace('_', ' ')}; it counts once it succeeded."
    if kind == "charge.refunded" and not wire.part(obj.get("refunds")).get("data"):
        return "Each refund is announced by an event of its own."
    if kind == types.BALANCE_TRANSACTION and not payments.took_money_in(obj):
        return "It is told by the refund or payout that it belongs to."
    return ""


def events(kind: str, obj: Json, zone: str, created: int) -> Sequence[EventData]:
    """Raises TypeUnknown, PayloadUnreadable or ContractBroken."""
    translator = _TRANSLATORS.get(kind)
    if translator is None:
        raise TypeUnknown(f"Stripe's event type “{kind}” is not one that this console knows.")
    return translator(obj, zone, created)


def _customer(contract: str) -> Translator:
    return lambda obj, zone, created: [billing.customer(contract, obj)]


def _subscription(obj: Json, zone: str, created: int) -> Sequence[EventData]:
    return [billing.subscription_activated(obj, zone)]


def _issued(obj: Json, zone: str, created: int) -> Sequence[EventData]:
    """The invoice, and whatever its state already says beyond that it was issued."""
    if obj.get("status") == "paid":
        return _paid(obj, zone, created)
    if obj.get("status") == "void":
        return _voided(obj, zone, created)
    return _invoice(obj, zone)


def _paid(obj: Json, zone: str, created: int) -> Sequence[EventData]:
    return [*_invoice(obj, zone), billing.invoice_paid(obj, zone, created)]


def _voided(obj: Json, zone: str, created: int) -> Sequence[EventData]:
    return [*_invoice(obj, zone), billing.invoice_voided(obj, zone, created)]


def _invoice(obj: Json, zone: str) -> Sequence[EventData]:
    """Nothing when the event holds only some of the lines; then the poll tells of the invoice."""
    return () if billing.is_cut_short(obj) else [billing.invoice_issued(obj, zone)]


def _payment_failed(obj: Json, zone: str, created: int) -> Sequence[EventData]:
    issued = _issued(obj, zone, created) if obj.get("status") in billing.FINAL else ()
    failed = payments.invoice_payment_failed(obj, zone, created)
    return [*issued, *([failed] if failed else ())]


def _one(make: Callable[[Json, str, int], EventData]) -> Translator:
    return lambda obj, zone, created: [make(obj, zone, created)]


_ISSUE_ONLY: Final = ("invoice.created", "invoice.finalized")
_REFUNDS: Final = ("refund.created", "refund.updated", "charge.refund.updated")

_TRANSLATORS: Final[Mapping[str, Translator]] = {
    "customer.created": _customer("customer.created/1"),
    "customer.updated": _customer("customer.updated/1"),
    "customer.subscription.created": _subscription,
    "customer.subscription.updated": _subscription,
    "invoice.created": _issued,
    "invoice.finalized": _issued,
    "invoice.paid": _paid,
    "invoice.payment_succeeded": _paid,
    "invoice.voided": _voided,
    "invoice.payment_failed": _payment_failed,
    "invoice_payment.paid": _one(payments.invoice_payment_applied),
    "charge.succeeded": _one(payments.charge_applied),
    "charge.captured": _one(payments.charge_applied),
    "charge.failed": _one(payments.charge_failed),
    "charge.refunded": lambda obj, zone, created: payments.charge_refunds(obj, zone),
    "payment_intent.succeeded": _one(payments.intent_applied),
    "payment_intent.payment_failed": _one(payments.intent_failed),
    "refund.created": lambda obj, zone, created: [payments.refunded(obj, zone)],
    "refund.updated": lambda obj, zone, created: [payments.refunded(obj, zone)],
    "charge.refund.updated": lambda obj, zone, created: [payments.refunded(obj, zone)],
    "payout.paid": lambda obj, zone, created: [payments.payout_settled(obj)],
    types.INVOICE_LINES: lambda obj, zone, created: [billing.invoice_issued(obj, zone)],
    types.PAYOUT_ITEMS: lambda obj, zone, created: [payments.payout_settled(obj)],
    types.BALANCE_TRANSACTION: lambda obj, zone, created: [payments.transaction_applied(obj, zone)],
}

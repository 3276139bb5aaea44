"""Which event becomes which business events, and which need nothing done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from connectors.contract import TypeUnknown
from connectors.systems.chargebee import (
    billing,
    catalogue,
    credit_notes,
    customers,
    entitlements,
    payments,
    subscriptions,
    types,
    wire,
)
from connectors.systems.chargebee.heard import Heard
from connectors.systems.chargebee.wire import Json
from revops.contracts.base import EventData

Translator = Callable[[Heard], Sequence[EventData]]


def ignored(kind: str, content: Json) -> str:
    """Why an event of this type and content needs nothing done; empty when it does."""
    if kind in types.NOTHING_TO_DO:
        return types.NOTHING_TO_DO[kind]
    if kind not in _TRANSLATORS:
        return ""
    name = types.resource_of(kind)
    obj = wire.part(content.get(name))
    if name == "subscription":
        return subscriptions.ignored(kind, obj)
    if name == "invoice":
        return billing.ignored(obj)
    if name == "credit_note":
        return credit_notes.ignored(obj)
    if name == "transaction":
        return _of_transaction(kind, obj)
    return ""


def _of_transaction(kind: str, obj: Json) -> str:
    if kind == "transaction_created" and wire.text(obj.get("type")) in ("payment", "refund"):
        return "Whether it succeeded is announced by an event of its own."
    return payments.ignored(obj)


def events(heard: Heard) -> Sequence[EventData]:
    """Raises TypeUnknown, PayloadUnreadable, NeedsFetch or ContractBroken."""
    translator = _TRANSLATORS.get(heard.kind)
    if translator is None:
        raise TypeUnknown(f"Chargebee's event type “{heard.kind}” is not one that we know.")
    return translator(heard)


def _money(heard: Heard) -> Sequence[EventData]:
    """A payment with the invoice that comes with it, which it may be the first to tell of."""
    invoice = heard.of("invoice")
    before: Sequence[EventData] = ()
    if invoice and not billing.ignored(invoice):
        before = billing.standing(heard)
    return [*before[:1], *payments.standing(heard), *before[1:]]


_ACTIVATED: Final = (
    "subscription_created",
    "subscription_created_with_backdating",
    "subscription_started",
    "subscription_activated",
    "subscription_activated_with_backdating",
    "subscription_reactivated",
    "subscription_reactivated_with_backdating",
)
_INVOICE: Final = (
    "invoice_generated",
    "invoice_generated_with_backdating",
    "invoice_updated",
    "invoice_deleted",
    f"invoice{types.READ}",
)
_CREDIT: Final = (
    "credit_note_created",
    "credit_note_created_with_backdating",
    "credit_note_updated",
    "credit_note_deleted",
    f"credit_note{types.READ}",
)
_MONEY: Final = (
    "payment_succeeded",
    "payment_failed",
    "payment_refunded",
    "transaction_created",
    "transaction_updated",
    "transaction_deleted",
    f"transaction{types.READ}",
)

_TRANSLATORS: Final[Mapping[str, Translator]] = {
    "customer_created": lambda heard: [customers.told("customer.created/1", heard)],
    **dict.fromkeys(
        ("customer_changed", "customer_moved_in", f"customer{types.READ}"),
        lambda heard: [customers.told("customer.updated/1", heard)],
    ),
    **dict.fromkeys(
        ("item_created", "item_updated", "item_deleted", f"item{types.READ}"), catalogue.product
    ),
    **dict.fromkeys(
        (
            "item_price_created",
            "item_price_updated",
            "item_price_deleted",
            f"item_price{types.READ}",
        ),
        catalogue.price,
    ),
    **dict.fromkeys(_ACTIVATED, subscriptions.activated),
    "subscription_changed": subscriptions.changed,
    "subscription_changed_with_backdating": subscriptions.changed,
    "subscription_renewed": subscriptions.renewed,
    "subscription_paused": subscriptions.paused,
    "subscription_resumed": subscriptions.resumed,
    "subscription_cancelled": subscriptions.cancelled,
    "subscription_canceled_with_backdating": subscriptions.cancelled,
    "subscription_deleted": subscriptions.cancelled,
    f"subscription{types.READ}": subscriptions.activated,
    **dict.fromkeys(entitlements.NAMED, entitlements.named),
    f"{entitlements.NAME}{types.READ}": entitlements.standing,
    **dict.fromkeys(_INVOICE, billing.standing),
    **dict.fromkeys(_CREDIT, credit_notes.standing),
    **dict.fromkeys(_MONEY, _money),
}

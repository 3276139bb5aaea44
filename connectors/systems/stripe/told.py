"""
What no event of Stripe tells, in the form of an event: payments' fees, payouts' contents, all lines
of a long invoice or credit note, a price's tiers, and what of a customer's balance an invoice used.

Each body is named by its object and reduced to what never changes, so that a repeat is the same
to the byte. A price with its tiers and a payout with its contents are newer than the events of
their moment, because they tell more of the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connectors.contract import Settings
from connectors.http import Client
from connectors.systems.stripe import (
    balances,
    billing,
    catalogue,
    credit_notes,
    listing,
    payments,
    types,
    wire,
)
from connectors.systems.stripe.wire import Json

# An automatic payout of a busy day holds thousands of transactions.
_PAYOUT_PAGES: Final = 200
_LINE_PAGES: Final = 50
# These say more of what their events say already; of the others only the first telling counts.
_NEWER: Final = frozenset((types.PRICE_TIERS, types.PAYOUT_ITEMS))

_SOURCE_FIELDS: Final = frozenset(
    (
        "id",
        "object",
        "payment_intent",
        "invoice",
        "customer",
        "currency",
        "amount",
        "amount_captured",
        "captured",
        "livemode",
    )
)
_TRANSACTION_FIELDS: Final = ("id", "object", "type", "currency", "amount", "fee", "net", "created")
_PAYOUT_FIELDS: Final = ("id", "object", "currency", "amount", "arrival_date", "status", "metadata")
_INVOICE_FIELDS: Final = (
    "id",
    "object",
    "created",
    "currency",
    "customer",
    "discount",
    "discounts",
    "due_date",
    "effective_at",
    "number",
    "parent",
    "shipping_cost",
    "subscription",
    "tax",
    "tax_percent",
    "total",
    "total_tax_amounts",
    "total_taxes",
)


def _object(event: Json) -> Json:
    return wire.part(wire.part(event.get("data")).get("object"))


def _opens(event: Json) -> bool:
    """
    Whether the event says that a payout is paid and its contents are complete. Only automatic
    payouts have contents (https://docs.stripe.com/payouts/reconciliation).
    """
    payout = _object(event)
    return (
        event.get("type") in ("payout.paid", "payout.reconciliation_completed")
        and payout.get("status") == "paid"
        and payout.get("automatic") is not False
        and payout.get("reconciliation_status") in (None, "completed")
    )


async def payouts(client: Client, settings: Settings, events: Sequence[Json]) -> Sequence[Json]:
    """What is in each payout of which the events say that it is paid. Raises CallFailed."""
    found = []
    for event in events:
        if not _opens(event):
            continue
        payout = _object(event)
        members, _ = await listing.everything(
            client,
            settings,
            "/v1/balance_transactions",
            [("payout", wire.ref(payout)), ("expand[]", "data.source")],
            pages=_PAYOUT_PAGES,
        )
        obj = {name: payout.get(name) for name in _PAYOUT_FIELDS}
        obj["balance_transactions"] = [_reduced(item) for item in oldest_first(members)]
        found.append(_own(f"{wire.ref(payout)}-items", types.PAYOUT_ITEMS, obj, event))
    return found


async def more(client: Client, settings: Settings, events: Sequence[Json]) -> Sequence[Json]:
    """What the objects of these events hold beyond their events. Raises CallFailed."""
    return [
        *await _invoices(client, settings, events),
        *await _credit_notes(client, settings, events),
        *await _prices(client, settings, events),
        *await _balances(client, settings, events),
    ]


async def _invoices(client: Client, settings: Settings, events: Sequence[Json]) -> Sequence[Json]:
    """The long invoices of the events, each once, with all lines."""
    found: dict[str, Json] = {}
    for event in events:
        invoice = _object(event)
        identity = wire.ref(invoice)
        if (
            invoice.get("object") != "invoice"
            or invoice.get("status") not in billing.FINAL
            or not billing.is_cut_short(invoice)
            or identity in found
        ):
            continue
        obj = {name: invoice[name] for name in _INVOICE_FIELDS if name in invoice}
        finalized_at = wire.part(invoice.get("status_transitions")).get("finalized_at")
        obj["status_transitions"] = {"finalized_at": finalized_at}
        obj["metadata"] = {"legal_entity": wire.entity(invoice)}
        obj["lines"] = await _lines(client, settings, f"/v1/invoices/{identity}/lines")
        found[identity] = _own(f"{identity}-lines", types.INVOICE_LINES, obj, event)
    return list(found.values())


async def _credit_notes(
    client: Client, settings: Settings, events: Sequence[Json]
) -> Sequence[Json]:
    """The long credit notes of the events, with all lines."""
    found = []
    for event in events:
        note = _object(event)
        if event.get("type") == "credit_note.created" and credit_notes.is_cut_short(note):
            identity = wire.ref(note)
            path = f"/v1/credit_notes/{identity}/lines"
            obj = {**note, "lines": await _lines(client, settings, path)}
            found.append(_own(f"{identity}-lines", types.CREDIT_LINES, obj, event))
    return found


async def _lines(client: Client, settings: Settings, path: str) -> Json:
    members, _ = await listing.everything(client, settings, path, pages=_LINE_PAGES)
    return {"object": "list", "data": list(members), "has_more": False}


async def _prices(client: Client, settings: Settings, events: Sequence[Json]) -> Sequence[Json]:
    """Prices with tiers, which Stripe gives to who asks only. Tiers never change once made."""
    tiers: dict[str, Any] = {}
    found = []
    for event in events:
        price = _object(event)
        if price.get("object") != "price" or not catalogue.is_without_tiers(price):
            continue
        identity = wire.ref(price)
        if identity not in tiers:
            whole = await listing.get(
                client, settings, f"/v1/prices/{identity}", [("expand[]", "tiers")]
            )
            tiers[identity] = whole.get("tiers")
        obj = {**price, "tiers": tiers[identity]}
        if event.get("type") == "price.deleted":
            obj["active"] = False
        found.append(_own(f"{wire.ref(event)}-tiers", types.PRICE_TIERS, obj, event))
    return found


async def _balances(client: Client, settings: Settings, events: Sequence[Json]) -> Sequence[Json]:
    """What of customers' balances settled the invoices that the events finalized."""
    finalizing = [event for event in events if event.get("type") == "invoice.finalized"]
    of_invoice = {wire.ref(_object(event)): event for event in finalizing}
    return [
        _own(
            f"{wire.ref(used)}-applied",
            types.BALANCE_APPLIED,
            used,
            of_invoice[wire.ref(invoice)],
        )
        for invoice, used in await balances.applications(
            client, settings, [_object(event) for event in finalizing]
        )
    ]


def fee(transaction: Json) -> Json:
    """A balance transaction; of a payment it tells the fee."""
    return _own(
        wire.ref(transaction), types.BALANCE_TRANSACTION, _reduced(transaction), transaction
    )


def _own(identity: str, kind: str, obj: Json, origin: Json) -> Json:
    """In the form of an event; ``origin`` is what it was made from."""
    livemode = wire.part(obj.get("source")).get("livemode")
    return {
        "id": identity,
        "object": "event",
        "type": kind,
        "created": origin.get("created"),
        "object_version": created_at(origin) + (types.TOLD_LATER if kind in _NEWER else 0),
        "account": origin.get("account"),
        "api_version": listing.API_VERSION,
        "livemode": origin.get("livemode", livemode),
        "data": {"object": obj},
    }


def _reduced(transaction: Json) -> dict[str, Any]:
    """A transaction without what changes later (its status) or is nobody's business (the card)."""
    source = transaction.get("source")
    told: dict[str, Any] = {name: transaction.get(name) for name in _TRANSACTION_FIELDS}
    told["source"] = _reduced_source(source) if isinstance(source, dict) else source
    if isinstance(source, dict) and transaction.get("type") == payments.REVERSAL:
        # Of the charge itself it comes later; the transaction of the reversal is made with it.
        told["source"]["failure_message"] = source.get("failure_message")
    return told


def _reduced_source(source: Json) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: wire.ref(value) if isinstance(value, dict) else value
        for name, value in source.items()
        if name in _SOURCE_FIELDS
    }
    method = wire.text(wire.part(source.get("payment_method_details")).get("type"))
    if method:
        told["payment_method_details"] = {"type": method}
    return told


def oldest_first(found: Sequence[Json]) -> Sequence[Json]:
    """Stripe lists newest first, some fakes oldest first; ties keep the order of the list."""
    if found and created_at(found[0]) >= created_at(found[-1]):
        found = found[::-1]
    return sorted(found, key=created_at)


def created_at(item: Json) -> int:
    value = item.get("created")
    return value if type(value) is int else 0

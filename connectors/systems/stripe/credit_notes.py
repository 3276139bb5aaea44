"""
Credit notes, and customers' balances that settle invoices.

A credit note goes to one place here: it lowers the open invoice (``pre_payment_amount``), or what
was paid already becomes the customer's balance or is paid back. One that goes to several places,
or whose parts do not add up, is refused in words: guessing would be money that was guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import lines, wire
from connectors.systems.stripe.heard import Heard
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel.money import allocate


def ignored(obj: Json) -> str:
    if obj.get("total") == 0:
        return "The credit note is over nothing."
    if is_cut_short(obj):
        return "The credit note has more lines than its event holds; the next poll reads them all."
    return ""


def is_cut_short(obj: Json) -> bool:
    return wire.part(obj.get("lines")).get("has_more") is True


def issued(heard: Heard) -> Sequence[EventData]:
    """Raises PayloadUnreadable for what goes to several places or has no type of credit."""
    obj = heard.obj
    code = wire.currency(obj.get("currency"))
    total = wire.minor(obj.get("total"), code, field="total")
    at = wire.first(obj.get("effective_at"), obj.get("created"))
    return [
        registry.read(
            "credit.issued/1",
            {
                "credit_id": wire.ref(obj),
                "number": wire.text(obj.get("number")),
                "customer_id": wire.ref(obj.get("customer")),
                "invoice_id": wire.ref(obj.get("invoice")),
                "credit_type": _type(heard),
                "settles": _settles(obj, code, total),
                "currency": code,
                "issued_on": wire.day(at, heard.zone, field="effective_at"),
                "effective_on": wire.noted(obj, "effective_on") or None,
                "lines": _lines(obj, code, total),
                "total": total,
                "request_ref": wire.noted(obj, "credit_request_id"),
                "reason": wire.text(obj.get("memo")) or _reason(obj),
                "legal_entity": wire.entity(obj),
            },
        )
    ]


def voided(heard: Heard) -> Sequence[EventData]:
    """Stripe voids notes of open invoices only, so what is undone lowered an invoice."""
    obj = heard.obj
    at = wire.first(obj.get("voided_at"), heard.created)
    return [
        registry.read(
            "credit.voided/1",
            {
                "credit_id": wire.ref(obj),
                "voided_on": wire.day(at, heard.zone, field="voided_at"),
                "reason": "Voided in Stripe.",
            },
        )
    ]


def _name(obj: Json) -> str:
    return wire.text(obj.get("number")) or wire.ref(obj)


def _reason(obj: Json) -> str:
    return wire.text(obj.get("reason")).replace("_", " ")


def _type(heard: Heard) -> str:
    """What the note's metadata says, else what the connection says of Stripe's reason."""
    reason = wire.text(heard.obj.get("reason")) or "none"
    found = wire.noted(heard.obj, "credit_type") or heard.pairs("credit_types").get(reason)
    if not found:
        raise PayloadUnreadable(
            f"Credit note {_name(heard.obj)} says no type of credit: write “credit_type” into its "
            f"metadata, or say in the connection what the reason “{reason}” is."
        )
    return found


def _settles(obj: Json, code: str, total: int) -> str:
    """``invoice``, ``balance`` or ``refund``; outside of Stripe is paid back as well."""
    given = wire.first(obj.get("pre_payment_amount"), total * (obj.get("type") == "pre_payment"))
    before = wire.minor(given, code, field="pre_payment_amount")
    refunds = obj.get("refund") or list(wire.items(obj.get("refunds")))
    places = [
        place
        for place, there in (
            ("invoice", before),
            ("balance", obj.get("customer_balance_transaction")),
            ("refund", refunds or obj.get("out_of_band_amount")),
        )
        if there
    ]
    if len(places) != 1 or (before and before != total):
        words = " and ".join(places) or "nowhere"
        raise PayloadUnreadable(
            f"Credit note {_name(obj)} goes to {words}; issue one note for each, so that each can "
            "be booked by itself."
        )
    return places[0]


def _lines(obj: Json, code: str, total: int) -> list[dict[str, Any]]:
    found = [_line(item, code) for item in wire.items(obj.get("lines"))]
    shipping = wire.part(obj.get("shipping_cost"))
    if shipping.get("amount_total"):
        found.append(_shipping(shipping, wire.ref(obj), code))
    _share_discount(obj, found, code, total)
    if any(line["amount"] < 0 for line in found) or _sum(found) != total:
        raise PayloadUnreadable(
            f"Credit note {_name(obj)} does not add up: its lines and taxes give {_sum(found)} "
            f"minor units, its total says {total}."
        )
    return found


def _line(item: Json, code: str) -> dict[str, Any]:
    """``amount`` on the wire is before discounts and contains inclusive tax."""
    amount = wire.minor(item.get("amount"), code, field="lines.amount")
    discounts = [
        wire.minor(discount.get("amount"), code, field="lines.discount_amounts.amount")
        for discount in wire.items(item.get("discount_amounts"))
    ]
    if not discounts and item.get("discount_amount"):
        discounts = [wire.minor(item["discount_amount"], code, field="lines.discount_amount")]
    taxes = lines.taxes(item, code)
    inclusive = sum(tax["amount"] for tax in taxes if tax["inclusive"])
    return {
        "line_id": wire.ref(item),
        "invoice_line_id": wire.ref(item.get("invoice_line_item")),
        "description": wire.text(item.get("description")),
        "amount": amount - sum(discounts) - inclusive,
        "taxes": [{"code": tax["code"], "amount": tax["amount"]} for tax in taxes],
    }


def _shipping(cost: Json, identity: str, code: str) -> dict[str, Any]:
    line = lines.of_shipping(cost, identity, code)
    taxes = [{"code": tax["code"], "amount": tax["amount"]} for tax in line["taxes"]]
    return line | {"taxes": taxes}


def _share_discount(obj: Json, found: list[dict[str, Any]], code: str, total: int) -> None:
    """A discount that stands on the note alone is split over its lines, to the last unit."""
    missing = _sum(found) - total
    given = obj.get("discount_amount")
    if missing <= 0 or not given or missing != wire.minor(given, code, field="discount_amount"):
        return
    weights = [line["amount"] for line in found]
    if min(weights) < 0 or not any(weights):
        return
    for line, share in zip(found, allocate(missing, weights), strict=True):
        line["amount"] -= share


def _sum(found: list[dict[str, Any]]) -> int:
    return sum(line["amount"] + sum(tax["amount"] for tax in line["taxes"]) for line in found)


def applied(heard: Heard) -> Sequence[EventData]:
    """
    What of a customer's balance settled an invoice, credit by credit (``balances.py`` read it).

    Raises PayloadUnreadable for balance that no credit note made: no entry of ours put it there.
    """
    obj = heard.obj
    code = wire.currency(obj.get("currency"))
    found = []
    for place, item in enumerate(wire.items(obj.get("applications")), start=1):
        credit = wire.ref(item.get("credit_note"))
        amount = wire.minor(item.get("amount"), code)
        if not credit:
            kind = wire.text(item.get("type")).replace("_", " ") or "unknown"
            raise PayloadUnreadable(
                f"{amount} minor units of {code} of the customer's balance settled invoice "
                f"{wire.ref(obj.get('invoice'))}; they came from “{kind}” and no credit note."
            )
        data = {
            "credit_id": credit,
            "application_id": f"{wire.ref(obj)}-{place}",
            "invoice_id": wire.ref(obj.get("invoice")),
            "currency": code,
            "amount": amount,
            "applied_on": wire.day(obj.get("created"), heard.zone, field="created"),
        }
        found.append(registry.read("credit.applied/1", data))
    return found

"""
Invoice lines: net amounts, taxes per line, service periods.

Three generations of the API are read alike: ``tax_amounts`` (to 2025-02-24) and ``taxes`` (since
2025-03-31) on the line, or, before both, taxes and discounts on the invoice alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import wire
from connectors.systems.stripe.wire import Json
from revops.kernel.money import allocate
from revops.kernel.periods import service_span

# A line that was typed by hand names no price; the mapping of SKUs decides what it is.
NO_PRICE: Final = "no-price"
_INVOICE_TAX: Final = "tax"
USAGE_REF: Final = "usage_ref"
# Lines that our own commands made name no price: Stripe makes a new one for each.
SKU: Final = "revops_sku"


@dataclass(slots=True)
class _Line:
    """``net`` in minor units, without tax, after discounts; ``taxes`` as the contract has them."""

    source: Json
    net: int
    discounted: bool
    taxes: list[dict[str, Any]] = field(default_factory=list)


def read(invoice: Json, currency: str, zone: str) -> list[dict[str, Any]]:
    """The lines of ``invoice.issued/1``. Raises PayloadUnreadable."""
    found = [_line(item, currency) for item in wire.items(invoice.get("lines"))]
    _add_invoice_taxes(invoice, found, currency)
    result = [_as_contract(line, zone) for line in found]
    shipping = wire.part(invoice.get("shipping_cost"))
    if shipping.get("amount_total"):
        result.append(of_shipping(shipping, wire.ref(invoice), currency))
    _add_invoice_discount(invoice, found, result, currency)
    return result


def _line(item: Json, currency: str) -> _Line:
    amount = wire.minor(item.get("amount"), currency, field="lines.amount")
    discounts = sum(
        wire.minor(discount.get("amount"), currency, field="lines.discount_amounts.amount")
        for discount in wire.items(item.get("discount_amounts"))
    )
    found = taxes(item, currency)
    inclusive = sum(tax["amount"] for tax in found if tax["inclusive"])
    return _Line(item, amount - discounts - inclusive, bool(discounts), found)


def taxes(item: Json, currency: str) -> list[dict[str, Any]]:
    """Taxes of a line, of a credit note's or of a whole invoice, without those of zero."""
    rates = {
        wire.ref(rate): rate
        for name in ("tax_rates", "default_tax_rates")
        for rate in wire.items(item.get(name))
    }
    found = []
    given = wire.first(
        item.get("taxes"),
        item.get("tax_amounts"),
        item.get("total_taxes"),
        item.get("total_tax_amounts"),
    )
    for tax in wire.items(given):
        details = wire.part(tax.get("tax_rate_details"))
        rate = wire.first(tax.get("tax_rate"), details.get("tax_rate"))
        known = wire.part(rate) or rates.get(wire.ref(rate), {})
        amount = wire.minor(tax.get("amount"), currency, field="taxes.amount")
        if amount:
            found.append(
                {
                    "code": wire.ref(rate) or wire.text(tax.get("type")) or _INVOICE_TAX,
                    "amount": amount,
                    "rate_percent": _percent(known.get("percentage")),
                    "inclusive": tax.get("inclusive") is True
                    or tax.get("tax_behavior") == "inclusive",
                }
            )
    return found


def _percent(value: Any) -> Decimal | None:
    """Numbers arrive as Decimal from the wire, and as text once a body was stored and read."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        percent = Decimal(value)
    except ArithmeticError:
        return None
    return percent if percent.is_finite() else None


def _add_invoice_taxes(invoice: Json, found: Sequence[_Line], currency: str) -> None:
    """Taxes that stand on the invoice alone are split over its lines by net amount."""
    if any(line.taxes for line in found):
        return
    standing = taxes(
        {key: value for key, value in invoice.items() if key not in ("taxes", "tax_amounts")},
        currency,
    )
    if not standing and invoice.get("tax"):
        standing = [
            {
                "code": _INVOICE_TAX,
                "amount": wire.minor(invoice["tax"], currency, field="tax"),
                "rate_percent": _percent(invoice.get("tax_percent")),
                "inclusive": False,
            }
        ]
    for tax in standing:
        for line, share in zip(found, _split(tax["amount"], found), strict=True):
            if share:
                line.taxes.append({**tax, "amount": share})
                line.net -= share if tax["inclusive"] else 0


def _add_invoice_discount(
    invoice: Json, found: Sequence[_Line], result: list[dict[str, Any]], currency: str
) -> None:
    """
    A discount that stands on the invoice alone (versions before line discounts) is what is
    missing between the lines and the total; without such a discount the difference stays and the
    contract refuses the invoice.
    """
    total = wire.minor(invoice.get("total"), currency, field="total")
    missing = total - sum(
        line["amount"] + sum(tax["amount"] for tax in line["taxes"]) for line in result
    )
    if missing >= 0 or any(line.discounted for line in found):
        return
    if invoice.get("discount") or invoice.get("discounts"):
        for line, share in zip(result, _split(missing, found), strict=False):
            line["amount"] += share


def _split(amount: int, found: Sequence[_Line]) -> list[int]:
    weights = [max(line.net, 0) for line in found]
    if not found:
        raise PayloadUnreadable("The invoice has no lines, yet a tax or a discount.")
    return allocate(amount, weights if any(weights) else [1] * len(found))


def _as_contract(line: _Line, zone: str) -> dict[str, Any]:
    source = line.source
    quantity = wire.first(source.get("quantity_decimal"), source.get("quantity"), 1)
    return {
        "line_id": wire.ref(source),
        "sku": _sku(source),
        "description": wire.text(source.get("description")),
        "quantity": quantity,
        "amount": line.net,
        "taxes": line.taxes,
        "service_period": _period(source, zone),
        "proration": _is_proration(source),
        # What our own command to bill usage wrote there (payloads.py).
        "usage_ref": wire.noted(source, USAGE_REF),
    }


def _is_proration(source: Json) -> bool:
    """On the line to 2025-02-24, on what the line comes from since 2025-03-31."""
    parent = wire.part(source.get("parent"))
    return source.get("proration") is True or any(
        wire.part(parent.get(f"{origin}_details")).get("proration") is True
        for origin in ("subscription_item", "invoice_item")
    )


def _sku(source: Json) -> str:
    """The price, else the plan, else the product: what the catalogue maps to an account."""
    if wire.noted(source, SKU):
        return wire.noted(source, SKU)
    details = wire.part(wire.part(source.get("pricing")).get("price_details"))
    price, plan = wire.part(source.get("price")), wire.part(source.get("plan"))
    return (
        wire.ref(source.get("price"))
        or wire.ref(details.get("price"))
        or wire.ref(source.get("plan"))
        or wire.ref(price.get("product"))
        or wire.ref(details.get("product"))
        or wire.ref(plan.get("product"))
        or NO_PRICE
    )


def _period(source: Json, zone: str) -> dict[str, Any] | None:
    """Inclusive days; None for one-off lines, whose period starts and ends at one instant."""
    period = wire.part(source.get("period"))
    if not period:
        return None
    start = wire.instant(period.get("start"), field="lines.period.start")
    end = wire.instant(period.get("end"), field="lines.period.end")
    if end <= start:
        return None
    span = service_span(start, end, zone)
    return {"start": span.start, "end": span.end}


def of_shipping(cost: Json, invoice_id: str, currency: str) -> dict[str, Any]:
    found = taxes(cost, currency)
    total = wire.minor(cost.get("amount_total"), currency, field="shipping_cost.amount_total")
    return {
        "line_id": f"{invoice_id}-shipping",
        "sku": wire.ref(cost.get("shipping_rate")) or "shipping",
        "description": "Shipping",
        "amount": total - sum(tax["amount"] for tax in found),
        "taxes": found,
    }

"""
Lines of invoices and credit notes: net amounts, taxes per line, service periods.

``amount`` of a line is before its ``discount_amount`` and, where prices include the tax
(``price_type``), contains it; ``discount_amount`` holds discounts of the line and its share of
those of the whole document.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from connectors.contract import PayloadUnreadable
from connectors.systems.chargebee import wire
from connectors.systems.chargebee.wire import Json
from revops.kernel.money import allocate
from revops.kernel.periods import service_span

# A line that was typed by hand names no item price; the mapping of SKUs decides what it is.
NO_PRICE: Final = "no-price"
ROUNDING: Final = "round-off"
_TAX: Final = "tax"
# What our own requests write at the end of a line's text: [ref <what for> <whose> for <SKU>].
_MARK: Final = re.compile(
    r"\[ref (?P<ref>[^\s\[\]]{1,120}) (?P<key>[0-9a-f]{16})(?: for (?P<sku>[^\[\]]{1,120}))?\]\s*\Z"
)
_NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a line of ours refers to, the beginning of our key's hash, and its SKU."""

    ref: str = ""
    key: str = ""
    sku: str = ""

    def on(self, text: str, *, longest: int) -> str:
        """A line's text with the mark, which is never cut off."""
        end = f"[ref {self.ref or _NONE} {self.key}{f' for {self.sku}' if self.sku else ''}]"
        return f"{text[: longest - len(end) - 1]} {end}".strip()


def mark(text: Any) -> Mark:
    """Empty where the line is not ours."""
    found = _MARK.search(text) if isinstance(text, str) else None
    if found is None:
        return Mark()
    ref = found["ref"]
    return Mark("" if ref == _NONE else ref, found["key"], found["sku"] or "")


def is_cut_short(obj: Json) -> bool:
    """Long documents are told in parts; the rest has to be asked for."""
    return bool(wire.text(obj.get("line_items_next_offset")))


def read(obj: Json, zone: str) -> list[dict[str, Any]]:
    """The lines of ``invoice.issued/1``. Raises PayloadUnreadable."""
    told = _lines(obj)
    for line, source in zip(told, wire.items(obj.get("line_items")), strict=False):
        ours = mark(source.get("description"))
        line |= {
            "sku": ours.sku or wire.text(source.get("entity_id")) or NO_PRICE,
            "quantity": wire.count(
                source.get("quantity_in_decimal"), source.get("quantity"), field="quantity"
            ),
            "service_period": _period(source, zone),
            "proration": wire.text(source.get("proration_type")) not in ("", "full_term"),
            "usage_ref": ours.ref,
        }
    return told


def credited(obj: Json) -> list[dict[str, Any]]:
    """The lines of ``credit.issued/1``. Raises PayloadUnreadable."""
    told = _lines(obj)
    for line, source in zip(told, wire.items(obj.get("line_items")), strict=False):
        line["invoice_line_id"] = wire.text(source.get("reference_line_item_id"))
        line["sku"] = wire.text(source.get("entity_id"))
    for line in told:
        line["taxes"] = [{"code": tax["code"], "amount": tax["amount"]} for tax in line["taxes"]]
        if line["amount"] < 0:
            raise PayloadUnreadable("A line of the credit note credits less than nothing.")
    return told


def _lines(obj: Json) -> list[dict[str, Any]]:
    """Id, text, net amount and taxes of each line; they add up to ``total``."""
    inclusive = wire.text(obj.get("price_type")) == "tax_inclusive"
    by_line = _taxes(obj, inclusive=inclusive)
    told = []
    for item in wire.items(obj.get("line_items")):
        identity = wire.text(item.get("id"))
        taxes = by_line.get(identity, [])
        tax = wire.maybe_minor(item.get("tax_amount"), field="line_items.tax_amount")
        if tax and not taxes:
            taxes = [_tax(_TAX, tax, item.get("tax_rate"), inclusive=inclusive)]
        net = wire.minor(item.get("amount"), field="line_items.amount")
        net -= wire.maybe_minor(item.get("discount_amount"), field="line_items.discount_amount")
        if inclusive:
            net -= sum(one["amount"] for one in taxes)
        told.append(
            {
                "line_id": identity,
                "description": wire.text(item.get("description")),
                "amount": net,
                "taxes": taxes,
            }
        )
    _share_rest(obj, told)
    return told


def _taxes(obj: Json, *, inclusive: bool) -> dict[str, list[dict[str, Any]]]:
    """Taxes by line, without those of zero. A tax that nobody collects is none."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in wire.items(obj.get("line_item_taxes")):
        amount = wire.maybe_minor(item.get("tax_amount"), field="line_item_taxes.tax_amount")
        if not amount or item.get("is_non_compliance_tax") is True:
            continue
        name = wire.text(item.get("tax_name"), 120) or _TAX
        found[wire.text(item.get("line_item_id"))].append(
            _tax(name, amount, item.get("tax_rate"), inclusive=inclusive)
        )
    return found


def _tax(code: str, amount: int, rate: Any, *, inclusive: bool) -> dict[str, Any]:
    percent = wire.percent(rate)
    return {"code": code, "amount": amount, "rate_percent": percent, "inclusive": inclusive}


def _share_rest(obj: Json, told: list[dict[str, Any]]) -> None:
    """
    Discounts that stand on the document alone are split over its lines, to the last unit; what was
    rounded off becomes a line of its own. What is missing beside that stays, and is refused.
    """
    rounded = wire.maybe_minor(obj.get("round_off_amount"), field="round_off_amount")
    if rounded:
        told.append(
            {"line_id": ROUNDING, "description": "Rounding", "amount": rounded, "taxes": []}
        )
    total = wire.minor(obj.get("total"), field="total")
    missing = sum(
        line["amount"] + sum(tax["amount"] for tax in line["taxes"]) for line in told
    ) - total  # fmt: skip
    standing = sum(
        wire.maybe_minor(one.get("amount"), field="discounts.amount")
        for one in wire.items(obj.get("discounts"))
        if not wire.text(one.get("line_item_id"))
    )
    weights = [max(line["amount"], 0) for line in told]
    if missing <= 0 or missing != standing or not any(weights):
        return
    for line, share in zip(told, allocate(missing, weights), strict=True):
        line["amount"] -= share


def _period(source: Json, zone: str) -> dict[str, Any] | None:
    """Inclusive days; None for one-off lines, whose period starts and ends at one instant."""
    given, until = source.get("date_from"), source.get("date_to")
    if given is None or until is None:
        return None
    start = wire.instant(given, field="line_items.date_from")
    end = wire.instant(until, field="line_items.date_to")
    if end <= start:
        return None
    # Calendar billing ends a term with the last second of its last day.
    if end.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S") == "23:59:59":
        end += timedelta(seconds=1)
    span = service_span(start, end, zone)
    return {"start": span.start, "end": span.end}


def tax_of(obj: Json) -> int:
    """Of a whole document."""
    given = obj.get("tax")
    if given is not None:
        return wire.minor(given, field="tax")
    taxes: Sequence[Json] = list(wire.items(obj.get("taxes")))
    if not taxes:
        of_lines = wire.items(obj.get("line_item_taxes"))
        return sum(
            wire.maybe_minor(tax.get("tax_amount"), field="line_item_taxes.tax_amount")
            for tax in of_lines
        )
    return sum(wire.maybe_minor(tax.get("amount"), field="taxes.amount") for tax in taxes)

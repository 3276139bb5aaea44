"""What the sandbox charges: rates by country and region, each of one or two jurisdictions."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

Obj = dict[str, Any]
Rate = tuple[str, str, Decimal]

_CENT: Final = Decimal("0.01")
# Country and region, "" for a whole country → code, name and rate of each jurisdiction.
_RATES: Final[dict[tuple[str, str], tuple[Rate, ...]]] = {
    ("US", ""): (("US", "OTHER", Decimal("0.0825")),),
    ("US", "TX"): (("48", "TEXAS", Decimal("0.0625")), ("4805000", "AUSTIN", Decimal("0.02"))),
    ("US", "CA"): (
        ("06", "CALIFORNIA", Decimal("0.0725")),
        ("037", "LOS ANGELES", Decimal("0.01")),
    ),
    ("US", "WA"): (("53", "WASHINGTON", Decimal("0.065")), ("033", "KING", Decimal("0.0385"))),
    ("GB", ""): (("GB", "UNITED KINGDOM", Decimal("0.2")),),
    ("DE", ""): (("DE", "GERMANY", Decimal("0.19")),),
    ("JP", ""): (("JP", "JAPAN", Decimal("0.1")),),
}
_OFF: Final = Decimal("0.01")


class Unresolved(Exception):
    """An address that no rate can be found for."""


def rates(address: Obj, *, changed: bool) -> tuple[Rate, ...]:
    """Raises Unresolved. ``changed``: the first jurisdiction asks for one per cent more."""
    country, region = str(address.get("country") or "US"), str(address.get("region") or "")
    found = _RATES.get((country, region)) or _RATES.get((country, ""))
    if found is None:
        raise Unresolved(f"Address cannot be geocoded: {country} {region}".strip())
    if not changed:
        return found
    code, name, rate = found[0]
    return ((code, name, rate + _OFF), *found[1:])


def line(number: int, given: Obj, found: tuple[Rate, ...]) -> Obj:
    """A calculated line: what it is charged, and what it would be."""
    amount = Decimal(str(given["amount"]))
    calculated = sum((_cents(amount * rate) for _, _, rate in found), Decimal(0))
    override = given.get("taxOverride") or {}
    decided = override.get("type") == "TaxAmount"
    tax = Decimal(str(override["taxAmount"])) if decided else calculated
    return {
        "lineNumber": str(given.get("number") or number),
        "description": given.get("description", ""),
        "itemCode": given.get("itemCode", ""),
        "lineAmount": float(amount),
        "quantity": given.get("quantity", 1),
        "ref1": given.get("ref1", ""),
        "taxCode": given.get("taxCode", "P0000000"),
        "taxableAmount": float(amount),
        "tax": float(tax),
        "taxCalculated": float(calculated),
        "taxOverrideType": "TaxAmount" if decided else "None",
        "taxOverrideAmount": float(tax) if decided else 0,
    }


def summary(address: Obj, lines: list[Obj], found: tuple[Rate, ...]) -> list[Obj]:
    """By jurisdiction; what was decided elsewhere is split as the calculated tax is."""
    taxable = sum((Decimal(str(one["lineAmount"])) for one in lines), Decimal(0))
    tax = sum((Decimal(str(one["tax"])) for one in lines), Decimal(0))
    whole = sum((rate for _, _, rate in found), Decimal(0))
    return [
        {
            "country": address.get("country") or "US",
            "region": address.get("region") or "",
            "jurisType": "State" if place == 0 else "City",
            "jurisCode": code,
            "jurisName": name,
            "taxType": "Sales",
            "taxName": f"{name} TAX",
            "rateType": "General",
            "taxable": float(taxable),
            "rate": float(rate),
            "tax": float(_cents(tax * rate / whole)) if whole else 0.0,
            "taxCalculated": float(
                sum((_cents(Decimal(str(one["lineAmount"])) * rate) for one in lines), Decimal(0))
            ),
            "nonTaxable": 0.0,
            "exemption": 0.0,
        }
        for place, (code, name, rate) in enumerate(found)
    ]


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)

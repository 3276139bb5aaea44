"""Customers of the sandbox: made and changed by external ID or by internal id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors.systems.netsuite.sandbox import chart
from connectors.systems.netsuite.sandbox.ledger import FIELDS, Refusal
from connectors.systems.netsuite.sandbox.store import Store

_COLUMNS: Final = {
    "companyName": "companyname",
    "vatRegNumber": "vatregnumber",
    chart.KEY_FIELD: chart.KEY_FIELD,
}
_ADDRESS: Final = frozenset(("addr1", "addr2", "city", "state", "zip", "country"))
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_BORN: Final = "2026-01-01"


def upsert(store: Store, external: str, body: Mapping[str, Any]) -> None:
    """Raises Refusal."""
    held = store.one("SELECT id FROM customer WHERE externalid = ?", external)
    if held is not None:
        return update(store, held["id"], body)
    _check(body)
    if not body.get("companyName"):
        raise Refusal("Please enter value(s) for: Company Name")
    subsidiary = str((body.get("subsidiary") or {}).get("id") or "")
    row = store.one("SELECT currency FROM subsidiary WHERE id = ?", subsidiary)
    if row is None:
        raise Refusal("Please enter value(s) for: Primary Subsidiary")
    number = store.insert(
        "customer",
        {
            "externalid": external,
            "datecreated": _BORN,
            "currency": row["currency"],
            "subsidiary": subsidiary,
            **_values(body),
        },
    )
    named = (f"CUST{number:04d}", number)
    store.db.execute("UPDATE customer SET entityid = ? WHERE id = ?", named)
    return None


def update(store: Store, number: int, body: Mapping[str, Any]) -> None:
    """Raises Refusal."""
    _check(body)
    for column, value in _values(body).items():
        query = f"UPDATE customer SET {column} = ? WHERE id = ?"  # noqa: S608  our own names
        store.db.execute(query, (value, number))


def _values(body: Mapping[str, Any]) -> dict[str, Any]:
    return {column: body[field] for field, column in _COLUMNS.items() if field in body}


def _check(body: Mapping[str, Any]) -> None:
    unknown = sorted(set(body) - FIELDS["customer"])
    if unknown:
        raise Refusal(f"Unknown reference or field: {unknown[0]}.", "INVALID_CONTENT", unknown[0])
    for place, item in enumerate((body.get("addressBook") or {}).get("items") or ()):
        _check_address(item.get("addressBookAddress") or {}, f"addressBook.items[{place}]")
    number = str(body.get("vatRegNumber") or "")
    if number and not number.isalnum():
        raise Refusal(f"The VAT registration number {number} is not valid.")


def _check_address(address: Mapping[str, Any], path: str) -> None:
    """Raises Refusal: a country is a reference, all else is text."""
    for name, value in address.items():
        if name not in _ADDRESS:
            raise Refusal(f"Unknown reference or field: {name}.", "INVALID_CONTENT", path)
        if name == "country" and not _COUNTRY.fullmatch(str((value or {}).get("id") or "")):
            raise Refusal("Invalid Field Value for the following field: country", path=path)

"""Inserts and updates: every record of a call is checked before any is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from connectors.systems.gainsight.names import COMPANY
from connectors.systems.gainsight.sandbox.asking import Refused
from connectors.systems.gainsight.sandbox.tables import Row, Tables

MOST: Final = 50
LONGEST: Final = 255
_READ_ONLY: Final = ("Gsid", "CreatedDate", "ModifiedDate", "LastModifiedDate")


def insert(tables: Tables, name: str, body: Any) -> list[Row]:
    """Raises Refused; then nothing is kept."""
    records = _records(body)
    checked = _checked(tables, name, records)
    if name == COMPANY:
        nameless = [not row.get("Name") for row in checked]
        _raise([_fault("GSOBJ_1007", "Name", None) if bad else [] for bad in nameless])
    return [tables.add(name, values) for values in checked]


def update(tables: Tables, name: str, body: Any, key: str) -> list[Row]:
    """Records that nobody matches are refused, all of the call with them. Raises Refused."""
    if key not in tables.schema[name]:
        raise Refused("GSOBJ_1002", f"Invalid key field, please re-check data mapping ({key})")
    records = _records(body)
    checked = _checked(tables, name, records, but=key)
    found = []
    for record in records:
        rows = [row for row in tables.all(name) if row.get(key) == record.get(key)]
        found.append(rows[0] if len(rows) == 1 and record.get(key) else None)
    missing = [row is None for row in found]
    _raise([_fault("GSOBJ_1011", key, rec.get(key)) if bad else []
            for bad, rec in zip(missing, records, strict=True)])  # fmt: skip
    return [
        tables.change(name, row, {k: v for k, v in values.items() if k not in _READ_ONLY})
        for row, values in zip(found, checked, strict=True)
        if row is not None
    ]


def _records(body: Any) -> list[Mapping[str, Any]]:
    records = body.get("records") if isinstance(body, Mapping) else None
    if not isinstance(records, list) or not records:
        raise Refused("GSOBJ_1002", "Records can not be empty")
    if len(records) > MOST:
        raise Refused("GSOBJ_1023", f"Number of records should not be more than {MOST}")
    return records


def _checked(
    tables: Tables, name: str, records: list[Mapping[str, Any]], *, but: str = ""
) -> list[Row]:
    faults: list[list[Any]] = []
    checked: list[Row] = []
    for record in records:
        wrong: list[Any] = []
        values: Row = {}
        for field, value in record.items():
            kind = tables.schema[name].get(field)
            if kind is None or (field in _READ_ONLY and field != but):
                wrong += _fault("GSOBJ_1002", field, value)
                continue
            try:
                values[field] = _typed(tables, kind, value)
            except ValueError as error:
                wrong += _fault(str(error), field, value)
        faults.append(wrong)
        checked.append(values)
    _raise(faults)
    return checked


def _typed(tables: Tables, kind: str, value: Any) -> Any:
    """The value as it is kept; raises ValueError with the error's code."""
    if value is None or value == "":
        return None
    if kind in ("STRING", "GSID"):
        if len(str(value)) > LONGEST:
            raise ValueError("GSOBJ_1001")
        return str(value)
    if kind in ("NUMBER", "CURRENCY"):
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError("GSOBJ_1008") from None
        return int(number) if number.is_integer() else number
    if kind in ("DATE", "DATETIME"):
        if type(value) is int:
            return value
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            raise ValueError("GSOBJ_1006" if kind == "DATE" else "GSOBJ_1005") from None
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    if value not in tables.rows[kind[1:]]:
        raise ValueError("GSOBJ_1004")
    return value


_SAID: Final = {
    "GSOBJ_1001": "Field exceeds maximum allowed length",
    "GSOBJ_1002": "Invalid field, please re-check data mapping",
    "GSOBJ_1004": "Either the Gainsight ID is invalid or missing",
    "GSOBJ_1005": "Invalid dateTime format",
    "GSOBJ_1006": "Invalid date format",
    "GSOBJ_1007": "Invalid field value",
    "GSOBJ_1008": "Failed to parse value",
    "GSOBJ_1011": "No entity matches the given criteria",
}


def _fault(code: str, field: str, value: Any) -> list[Any]:
    one = {
        "errorMessage": _SAID[code],
        "errorCode": code,
        "fieldName": field,
        "invalidValue": value,
    }
    return [{"success": False, "parsedValue": value, "errors": [one]}]


def _raise(faults: list[list[Any]]) -> None:
    first = next((item[0]["errors"][0] for item in faults if item), None)
    if first is not None:
        said = f"{first['errorMessage']} ({first['fieldName']} = {first['invalidValue']})."
        raise Refused(str(first["errorCode"]), said[:400], errors=faults)

"""Every record of the sandbox, with Salesforce's ids, stamps of whole seconds, and its refusals."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from connectors.sandboxes import keeping
from connectors.systems.salesforce.sandbox.schema import KINDS, SYSTEM, Kind

Row = dict[str, Any]

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


class Refused(Exception):
    """Salesforce's no: ``code`` and words, and the status that a call of one record gets."""

    def __init__(self, code: str, message: str, *fields: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = list(fields)
        self.status = status


class World:
    """
    Records by object and id, oldest first; numbers are Decimal. ``listeners`` hear of each change
    as (object, id). ``hidden`` are ids that queries do not show before a moment (epoch seconds):
    what stamped them has not committed yet. ``touched`` are the last ids that changed.
    """

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {}
        self.hidden: dict[str, float] = {}
        self.listeners: list[Callable[[str, str], None]] = []
        self.touched: list[str] = []
        self.calls = 0
        self.changed = False
        self._counter = 0

    def reset(self) -> None:
        self.rows.clear()
        self.hidden.clear()
        self.calls = 0
        self.changed = True

    def all(self, kind: str, *, deleted: bool = False) -> Iterator[Row]:
        now = time.time()
        for identity, row in self.rows.get(kind, {}).items():
            if self.hidden.get(identity, 0) <= now and (deleted or not row["IsDeleted"]):
                yield row

    def get(self, kind: str, identity: str) -> Row:
        """By 15 or 18 characters. Raises Refused."""
        found = self.rows.get(kind, {}).get(long_id(identity))
        if found is None:
            raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)
        if found["IsDeleted"]:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return found

    def by(self, kind: str, name: str, value: str) -> list[Row]:
        return [
            row for row in self.all(kind)
            if str(row.get(name) or "").casefold() == value.casefold()
        ]  # fmt: skip

    def create(self, kind: str, given: Row, *, at: float | None = None) -> Row:
        """Raises Refused. ``at``: when, in epoch seconds."""
        what = KINDS[kind]
        values = {name: _taken(what, name, value, self) for name, value in given.items()}
        missing = [name for name in what.required if values.get(name) in (None, "")]
        if missing:
            words = f"Required fields are missing: [{', '.join(missing)}]"
            raise Refused("REQUIRED_FIELD_MISSING", words, *missing)
        self._unique(kind, values, "")
        self._counter += 1
        stamp = moment(at)
        row: Row = dict.fromkeys(what.fields) | {
            "Id": new_id(what.prefix, self._counter), "IsDeleted": False, "CreatedDate": stamp,
            "LastModifiedDate": stamp, "SystemModstamp": stamp, "CurrencyIsoCode": "USD",
        }  # fmt: skip
        row.update(values)
        self.rows.setdefault(kind, {})[row["Id"]] = row
        self._told(kind, row)
        return row

    def update(self, kind: str, identity: str, given: Row, *, at: float | None = None) -> Row:
        """Raises Refused."""
        row = self.get(kind, identity)
        values = {name: _taken(KINDS[kind], name, value, self) for name, value in given.items()}
        self._unique(kind, values, row["Id"])
        row.update(values)
        row["LastModifiedDate"] = row["SystemModstamp"] = moment(at)
        self._told(kind, row)
        return row

    def force(self, kind: str, identity: str, values: Row, *, at: float | None = None) -> Row:
        """What Salesforce itself sets: fields that calls may not write."""
        row = self.rows[kind][long_id(identity)]
        row.update(values)
        row["LastModifiedDate"] = row["SystemModstamp"] = moment(at)
        self._told(kind, row)
        return row

    def _unique(self, kind: str, values: Row, own: str) -> None:
        for name in KINDS[kind].unique:
            value = values.get(name)
            others = [row for row in self.by(kind, name, str(value)) if row["Id"] != own]
            if value and others:
                words = f"duplicate value found: {name} duplicates value on record with id: "
                raise Refused("DUPLICATE_VALUE", words + others[0]["Id"])

    def _told(self, kind: str, row: Row) -> None:
        self.changed = True
        self.touched = [*self.touched[-199:], row["Id"]]
        for listener in self.listeners:
            listener(kind, row["Id"])

    def save(self, path: Path) -> None:
        kept = {"rows": self.rows, "counter": self._counter}
        keeping.write(path, json.dumps(kept, default=lambda value: {"#": str(value)}))
        self.changed = False

    def load(self, path: Path) -> None:
        found = json.loads(path.read_text("utf-8"), object_hook=_decimals)
        self.rows, self._counter = found["rows"], found["counter"]


def moment(at: float | None = None) -> str:
    """``2026-11-21T05:12:44.000+0000``: whole seconds, as Salesforce has it."""
    seconds = int(time.time() if at is None else at)
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def new_id(prefix: str, counter: int) -> str:
    text = ""
    while counter:
        counter, rest = divmod(counter, 62)
        text = _DIGITS[rest] + text
    return long_id(prefix + "5g" + text.rjust(10, "0"))


def long_id(identity: str) -> str:
    """15 characters with the three that say which of them are capitals."""
    if len(identity) != 15:
        return identity
    suffix = ""
    for start in (0, 5, 10):
        capitals = sum(1 << place for place in range(5) if "A" <= identity[start + place] <= "Z")
        suffix += _SUFFIX[capitals]
    return identity + suffix


def _taken(what: Kind, name: str, value: Any, world: World) -> Any:
    """The value as it is kept. Raises Refused."""
    kind = what.fields.get(name)
    if kind is None:
        words = f"No such column '{name}' on sobject of type"
        raise Refused("INVALID_FIELD", words, name)
    if name in SYSTEM or name in what.read_only:
        words = f"Unable to create/update fields: {name}. Please check the security settings."
        raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", words, name)
    if value is None or value == "":
        return None
    kind, _, more = kind.partition(":")
    if kind == "text":
        if len(str(value)) > int(more):
            words = f"{name}: data value too large: {str(value)[:20]} (max length={more})"
            raise Refused("STRING_TOO_LONG", words, name)
        return str(value)
    if kind == "id":
        if not isinstance(value, str) or long_id(value) not in world.rows.get(more, {}):
            words = f"invalid cross reference id: {value}"
            raise Refused("INVALID_CROSS_REFERENCE_KEY", words, name)
        return long_id(value)
    if kind == "number":
        try:
            return round(Decimal(str(value)), int(more))
        except InvalidOperation as error:
            raise _unreadable(name, value) from error
    if kind in ("date", "datetime"):
        try:
            date.fromisoformat(str(value)[:10])
        except ValueError as error:
            raise _unreadable(name, value) from error
        return str(value)
    return value


def _unreadable(name: str, value: Any) -> Refused:
    words = f"Cannot deserialize instance of {name} from value {value}"
    return Refused("JSON_PARSER_ERROR", words)


def _decimals(value: Row) -> Any:
    return Decimal(value["#"]) if set(value) == {"#"} else value

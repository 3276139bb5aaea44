"""``/services/data``: what each resource does, and its answer as (status, value)."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

from connectors.systems.salesforce.sandbox import soql
from connectors.systems.salesforce.sandbox.schema import KINDS, SYSTEM
from connectors.systems.salesforce.sandbox.world import Refused, Row, World

API: Final = "/services/data/v62.0"
ALLOWED: Final = 100_000
_TYPES: Final = {
    "text": "string", "number": "currency", "date": "date", "datetime": "datetime",
    "boolean": "boolean", "id": "reference",
}  # fmt: skip
_MOST: Final = 200
Answer = tuple[int, Any]


class Rest:
    """``batch``: how many records one answer of a query lists."""

    def __init__(self, world: World, *, batch: int) -> None:
        self.world = world
        self._batch = batch
        self._cursors: dict[str, tuple[soql.Query, list[Row]]] = {}

    def handle(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        """Raises Refused."""
        match method, path.strip("/").split("/"):
            case "GET", ["limits"]:
                left = ALLOWED - self.world.calls
                return 200, {"DailyApiRequests": {"Max": ALLOWED, "Remaining": left}}
            case "GET", ["query" | "queryAll" as door]:
                asked, found = soql.run(self.world, query.get("q", ""), deleted=door == "queryAll")
                return 200, self._page(asked, found, 0)
            case "GET", ["query" | "queryAll", locator]:
                return 200, self._more(locator)
            case "GET", ["sobjects", kind, "describe"]:
                return 200, _described(kind)
            case "GET", ["sobjects", kind, identity]:
                _known(kind)
                return 200, _shown(kind, self.world.get(kind, identity), list(KINDS[kind].fields))
            case "POST", ["sobjects", kind]:
                _known(kind)
                made = self.world.create(kind, body)
                return 201, {"id": made["Id"], "success": True, "errors": []}
            case "PATCH", ["sobjects", kind, identity]:
                _known(kind)
                self.world.update(kind, identity, body)
                return 204, None
            case "PATCH", ["sobjects", kind, name, value]:
                only = query.get("updateOnly") == "true"
                return self._upsert(kind, name, value, body, only=only)
            case "PATCH", ["composite", "sobjects"]:
                return 200, [self._by_id(row) for row in _records(body)]
            case "PATCH", ["composite", "sobjects", kind, name]:
                _known(kind)
                return 200, [self._by_name(kind, name, row) for row in _records(body)]
        raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)

    def _upsert(self, kind: str, name: str, value: str, body: Row, *, only: bool) -> Answer:
        _known(kind)
        if name not in KINDS[kind].unique:
            words = f"Provided external ID field does not exist or is not accessible: {name}"
            raise Refused("NOT_FOUND", words, status=404)
        if name in body:
            raise Refused("INVALID_FIELD", f"{name} may not be in the body", name)
        found = self.world.by(kind, name, value)
        if len(found) > 1:
            return 300, [f"{API}/sobjects/{kind}/{row['Id']}" for row in found]
        if found:
            row = self.world.update(kind, found[0]["Id"], body)
            return 200, {"id": row["Id"], "success": True, "errors": [], "created": False}
        if only:
            words = "The requested resource does not exist"
            raise Refused("NOT_FOUND", words, status=404)
        row = self.world.create(kind, {**body, name: value})
        return 201, {"id": row["Id"], "success": True, "errors": [], "created": True}

    def _by_id(self, given: Row) -> Row:
        kind = (given.get("attributes") or {}).get("type", "")
        values = {key: item for key, item in given.items() if key not in ("attributes", "id")}
        try:
            _known(kind)
            row = self.world.update(kind, str(given.get("id", "")), values)
        except Refused as error:
            return _failed(error)
        return {"id": row["Id"], "success": True, "errors": []}

    def _by_name(self, kind: str, name: str, given: Row) -> Row:
        values = {key: item for key, item in given.items() if key not in ("attributes", name)}
        try:
            status, made = self._upsert(kind, name, str(given[name]), values, only=False)
        except Refused as error:
            return _failed(error)
        if status == 300:
            words = f"{name}: more than one record found for external id field"
            return _failed(Refused("DUPLICATE_EXTERNAL_ID", words))
        return dict(made)

    def _page(self, asked: soql.Query, found: list[Row], start: int) -> Row:
        rows = found[start : start + self._batch]
        page: Row = {
            "totalSize": len(found),
            "done": start + self._batch >= len(found),
            "records": [self._row(asked, row) for row in rows],
        }
        if not page["done"]:
            locator = f"01g5g00000{len(self._cursors):05d}AAA-{start + self._batch}"
            self._cursors[locator] = (asked, found)
            page["nextRecordsUrl"] = f"{API}/query/{locator}"
        return page

    def _more(self, locator: str) -> Row:
        known = self._cursors.pop(locator, None)
        if known is None:
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(*known, int(locator.rpartition("-")[2]))

    def _row(self, asked: soql.Query, row: Row) -> Row:
        shown = self._chosen(asked.kind, row, asked.fields)
        for relationship, fields in asked.lines:
            child, name = KINDS[asked.kind].children[relationship]
            held = [item for item in self.world.all(child) if item[name] == row["Id"]]
            records = [self._chosen(child, item, fields) for item in held]
            listed = {"totalSize": len(records), "done": True, "records": records}
            shown[relationship] = listed if records else None
        return shown

    def _chosen(self, kind: str, row: Row, fields: list[str]) -> Row:
        shown = _shown(kind, row, [name for name in fields if "." not in name])
        for name in fields:
            head, _, rest = name.partition(".")
            if rest:
                own, parent = KINDS[kind].parents[head]
                above = self.world.rows.get(parent, {}).get(row[own] or "")
                held = shown.get(head) or {}
                shown[head] = held | self._chosen(parent, above, [rest]) if above else None
        return shown


def _shown(kind: str, row: Row, fields: list[str]) -> Row:
    url = f"{API}/sobjects/{kind}/{row['Id']}"
    return {"attributes": {"type": kind, "url": url}, **{name: row[name] for name in fields}}


def _described(kind: str) -> Row:
    _known(kind)
    what = KINDS[kind]
    fields = [
        {
            "name": name,
            "type": "id" if name == "Id" else _TYPES[kept.partition(":")[0]],
            "createable": name not in SYSTEM and name not in what.read_only,
            "updateable": name not in SYSTEM and name not in what.read_only,
            "externalId": name in what.unique,
            "unique": name in what.unique,
            "custom": name.endswith("__c"),
        }
        for name, kept in what.fields.items()
    ]
    return {"name": kind, "queryable": True, "fields": fields}


def _known(kind: str) -> None:
    if kind not in KINDS:
        raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)


def _records(body: Any) -> list[Row]:
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list):
        raise Refused("JSON_PARSER_ERROR", "records is required")
    if len(records) > _MOST:
        raise Refused("EXCEEDED_MAX_SIZE_REQUEST", "Cannot process more than 200 records")
    return records


def _failed(error: Refused) -> Row:
    told = {"statusCode": error.code, "message": error.message, "fields": error.fields}
    return {"success": False, "errors": [told]}


def encode(value: Any) -> bytes:
    """JSON as Java writes it: every number field is a double, from ten millions on with an E."""
    text = json.dumps(value, default=lambda number: {"#": _double(number)})
    return re.sub(r'\{"#": "([^"]+)"\}', r"\1", text).encode()


def _double(value: Any) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    plain = value.normalize()
    if abs(plain) >= 10_000_000:
        sign, digits, exponent = plain.as_tuple()
        figures = "".join(map(str, digits))
        power = len(figures) + int(exponent) - 1
        return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"
    text = format(plain, "f")
    return text if "." in text else f"{text}.0"

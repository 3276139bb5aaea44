"""The sandbox's objects: which fields they have, and the records in them."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Any, Final

from connectors.sandboxes import keeping
from connectors.systems.gainsight.names import COMPANY, DIGEST, KEY, VERSION, Names

Row = dict[str, Any]

_SYSTEM: Final = {"Gsid": "GSID", "CreatedDate": "DATETIME", "ModifiedDate": "DATETIME"}
_OURS: Final = {KEY: "STRING", DIGEST: "STRING", VERSION: "NUMBER"}
_PREFIX: Final = {COMPANY: "1P02", "activity_timeline": "1I00"}
SCORES: Final = "scorecard"


def schema(names: Names) -> dict[str, dict[str, str]]:
    """Object → field → type, as the connection's parameters name them. Lookups are ``→object``."""
    company = {
        **_SYSTEM,
        **_OURS,
        "Name": "STRING",
        "Industry": "STRING",
        "Employees": "NUMBER",
        names.customer_field: "STRING",
        names.parent_field: f"→{COMPANY}",
        names.arr_field: "CURRENCY",
        names.renewal_field: "DATE",
        names.likelihood_field: "NUMBER",
        names.currency_field: "STRING",
        names.score_changed_field: "DATETIME",
    } | {field: "STRING" for _, field in names.others}
    if names.score_field:
        head, dotted, _ = names.score_field.partition("__gr.")
        company[head] = f"→{SCORES}" if dotted else "NUMBER"
    own = {**_SYSTEM, **_OURS, "Company__gc": f"→{COMPANY}"}
    found = {
        COMPANY: company,
        names.entitlement_object: own
        | dict.fromkeys(("Entitlement_Id__gc", "Feature__gc", "Unit__gc", "State__gc"), "STRING")
        | {"Quantity__gc": "NUMBER", "Used__gc": "NUMBER"}
        | {"Starts_On__gc": "DATE", "Ends_On__gc": "DATE"},
        names.signal_object: own
        | dict.fromkeys(
            ("Signal_Id__gc", "Kind__gc", "Currency__gc", "Document__gc", "Detail__gc"), "STRING"
        )
        | {"Amount__gc": "CURRENCY", "Happened_On__gc": "DATE"},
        SCORES: {**_SYSTEM, "Score": "NUMBER", "Name": "STRING"},
    }
    if names.milestone_object:
        found[names.milestone_object] = {
            **_SYSTEM,
            "LastModifiedDate": "DATETIME",
            "ActivityDate": "DATETIME",
            "GsCompanyId": f"→{COMPANY}",
            "Subject": "STRING",
            names.milestone_field: "STRING",
        }
    return {
        name: {field: kind for field, kind in fields.items() if field}
        for name, fields in found.items()
    }


class Tables:
    """Records by object and Gsid, oldest first; kept in a file when there is a path."""

    def __init__(self, names: Names, path: Path | None = None) -> None:
        self.names = names
        self.schema = schema(names)
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in self.schema}
        self._path = path
        self._last = 0
        if path is not None and path.exists():
            for name, rows in json.loads(path.read_text(encoding="utf-8")).items():
                self.rows.setdefault(name, {}).update(rows)

    def object(self, name: str) -> str | None:
        """The object's own spelling; names are not held to their case."""
        return next((known for known in self.schema if known.casefold() == name.casefold()), None)

    def moment(self) -> int:
        """Milliseconds; no two changes share one."""
        self._last = max(int(time.time() * 1000), self._last + 1)
        return self._last

    def add(self, name: str, values: Row, *, at: int | None = None) -> Row:
        moment = at or self.moment()
        gsid = f"{_PREFIX.get(name, '1S01')}{secrets.token_hex(16).upper()}"
        row = {"Gsid": gsid, "CreatedDate": moment, **values}
        self.rows[name][gsid] = row
        self._stamp(name, row, moment)
        return row

    def change(self, name: str, row: Row, values: Row) -> Row:
        row.update(values)
        self._stamp(name, row, self.moment())
        return row

    def _stamp(self, name: str, row: Row, moment: int) -> None:
        row["ModifiedDate"] = moment
        if "LastModifiedDate" in self.schema[name]:
            row["LastModifiedDate"] = moment

    def all(self, name: str) -> list[Row]:
        return list(self.rows[name].values())

    def value(self, name: str, row: Row, field: str) -> tuple[bool, Any]:
        """(whether there is such a field, its value); ``X__gr.Y`` reads through the lookup X."""
        head, dotted, rest = field.partition("__gr.")
        if not dotted:
            return field in self.schema[name], row.get(field)
        own = head if head in self.schema[name] else f"{head}__gc"
        kind = self.schema[name].get(own, "")
        if not kind.startswith("→"):
            return False, None
        target = self.rows[kind[1:]].get(row.get(own) or "", {})
        return self.value(kind[1:], target, rest)

    def save(self) -> None:
        if self._path is not None:
            keeping.write(self._path, json.dumps(self.rows))

    def reset(self) -> None:
        for rows in self.rows.values():
            rows.clear()
        self.save()

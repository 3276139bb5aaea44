"""The sandbox's books: a SQLite database with the tables that SuiteQL knows."""

from __future__ import annotations

import calendar
import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from connectors.systems.netsuite.sandbox import chart

_SCHEMA: Final = f"""
CREATE TABLE currency (id INTEGER PRIMARY KEY, symbol TEXT, currencyprecision INTEGER);
CREATE TABLE subsidiary (id INTEGER PRIMARY KEY, name TEXT, currency INTEGER);
CREATE TABLE account (id INTEGER PRIMARY KEY, acctnumber TEXT, fullname TEXT, accttype TEXT,
    isinactive TEXT DEFAULT 'F');
CREATE TABLE accountingperiod (id INTEGER PRIMARY KEY, periodname TEXT, startdate TEXT,
    enddate TEXT, closed TEXT DEFAULT 'F', alllocked TEXT DEFAULT 'F', arlocked TEXT DEFAULT 'F',
    isyear TEXT DEFAULT 'F', isquarter TEXT DEFAULT 'F', isadjust TEXT DEFAULT 'F');
CREATE TABLE item (id INTEGER PRIMARY KEY, itemid TEXT, incomeaccount INTEGER,
    isinactive TEXT DEFAULT 'F');
CREATE TABLE department (id INTEGER PRIMARY KEY, name TEXT, isinactive TEXT DEFAULT 'F');
CREATE TABLE classification (id INTEGER PRIMARY KEY, name TEXT, isinactive TEXT DEFAULT 'F');
CREATE TABLE customer (id INTEGER PRIMARY KEY, externalid TEXT COLLATE NOCASE UNIQUE,
    entityid TEXT, companyname TEXT, isinactive TEXT DEFAULT 'F', datecreated TEXT,
    currency INTEGER, subsidiary INTEGER, vatregnumber TEXT, {chart.KEY_FIELD} TEXT);
CREATE TABLE "transaction" (id INTEGER PRIMARY KEY, externalid TEXT COLLATE NOCASE UNIQUE,
    type TEXT, tranid TEXT, trandate TEXT, posting TEXT, voided TEXT DEFAULT 'F', memo TEXT,
    entity INTEGER, otherrefnum TEXT, currency INTEGER, foreigntotal TEXT,
    foreignamountunpaid TEXT, postingperiod INTEGER, duedate TEXT);
CREATE TABLE transactionline ("transaction" INTEGER, id INTEGER, mainline TEXT,
    subsidiary INTEGER, memo TEXT, entity INTEGER, department INTEGER, class INTEGER);
CREATE TABLE transactionaccountingline ("transaction" INTEGER, transactionline INTEGER,
    accountingbook INTEGER, account INTEGER, debit TEXT, credit TEXT, posting TEXT);
CREATE INDEX lines ON transactionaccountingline ("transaction");
CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT);
"""
_DF: Final = re.compile(r"BUILTIN\.DF\((\w+)\.entity\)", re.IGNORECASE)
_WORD: Final = re.compile(r"\btransaction\b", re.IGNORECASE)


class QueryInvalid(Exception):
    """SuiteQL that cannot be run; the message says why."""


class Store:
    """``path`` keeps the books over a restart; without one they are in memory."""

    def __init__(self, path: str = "") -> None:
        self._path = path
        self._open()

    def _open(self) -> None:
        self.db = sqlite3.connect(self._path or ":memory:", check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.create_function("to_char", 2, lambda day, form: day)
        self.db.create_function("to_date", 2, lambda day, form: day)
        if not self.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'kept'").fetchone():
            self.db.executescript(_SCHEMA)
            self._seed()
            self.db.commit()

    def reset(self) -> None:
        self.db.close()
        if self._path:
            Path(self._path).unlink(missing_ok=True)
        self._open()

    def one(self, query: str, *values: Any) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.db.execute(query, values).fetchone()
        return found

    def all(self, query: str, *values: Any) -> Sequence[sqlite3.Row]:
        return self.db.execute(query, values).fetchall()

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" for _ in values)
        query = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608  our own names
        return self.db.execute(query, tuple(values.values())).lastrowid or 0

    def suiteql(self, query: str, *, limit: int, offset: int) -> tuple[list[dict[str, str]], bool]:
        """
        A page and whether there are more. Texts only; what is null is left out. Raises
        QueryInvalid.
        """
        if not query.lstrip().upper().startswith("SELECT"):
            raise QueryInvalid("Only SELECT statements are supported.")
        local = _DF.sub(r"(SELECT companyname FROM customer WHERE customer.id = \1.entity)", query)
        local = "".join(
            part if place % 2 else _WORD.sub('"transaction"', part)
            for place, part in enumerate(re.split(r"('[^']*')", local))
        )
        try:
            paged = f"SELECT * FROM ({local}) LIMIT ? OFFSET ?"  # noqa: S608  a sandbox runs it
            rows = self.db.execute(paged, (limit + 1, offset)).fetchall()
        except sqlite3.Error as error:
            raise QueryInvalid(f"Invalid search query. Detailed message: {error}") from error
        names = rows[0].keys() if rows else []
        found = [
            {name.lower(): str(row[name]) for name in names if row[name] is not None}
            for row in rows[:limit]
        ]
        return found, len(rows) > limit

    def _seed(self) -> None:
        for number, code in enumerate(chart.CURRENCIES, 1):
            precision = 0 if code in chart.NO_CENTS else 2
            self.insert("currency", {"id": number, "symbol": code, "currencyprecision": precision})
        for number, name, code in chart.SUBSIDIARIES:
            currency = chart.CURRENCIES.index(code) + 1
            self.insert("subsidiary", {"id": number, "name": name, "currency": currency})
        for number, (code, name, kind) in enumerate(chart.ACCOUNTS, 101):
            row = {"id": number, "acctnumber": code, "fullname": name, "accttype": kind}
            self.insert("account", row)
            if kind in chart.SOLD:
                item = {"itemid": f"{chart.ITEM_PREFIX}{code}", "incomeaccount": number}
                self.insert("item", item)
        for name in chart.DEPARTMENTS:
            self.insert("department", {"name": name})
        for name in chart.CLASSES:
            self.insert("classification", {"name": name})
        for year in chart.YEARS:
            whole = {"startdate": f"{year}-01-01", "enddate": f"{year}-12-31"}
            self.insert("accountingperiod", {"periodname": f"FY {year}", "isyear": "T", **whole})
            for month, name in enumerate(chart.MONTHS, 1):
                last = calendar.monthrange(year, month)[1]
                period = {
                    "periodname": f"{name} {year}",
                    "startdate": f"{year}-{month:02d}-01",
                    "enddate": f"{year}-{month:02d}-{last}",
                }
                self.insert("accountingperiod", period)

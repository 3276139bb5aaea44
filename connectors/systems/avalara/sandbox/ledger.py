"""
Transactions by company, type and code, and what may become of them: saved ones are replaced when
they are created again, committed ones only voided, locked ones nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from connectors.sandboxes import keeping
from connectors.systems.avalara.sandbox import engine
from connectors.systems.avalara.sandbox.engine import Obj

RECORDED: Final = ("SalesInvoice", "ReturnInvoice")


class Refused(Exception):
    """AvaTax would answer with an error: status, code, number and words."""

    def __init__(
        self, said: str, code: str, number: int, *, status: int = 400, more: str = ""
    ) -> None:
        super().__init__(said)
        self.code = code
        self.number = number
        self.status = status
        self.more = more


class Ledger:
    def __init__(self, companies: list[str], path: Path | None) -> None:
        self.companies = companies
        self.rows: dict[str, Obj] = {}
        self.rates_changed = False
        self._path = path
        self._last = datetime(2000, 1, 1, tzinfo=UTC)
        if path is not None and path.exists():
            self.rows = json.loads(path.read_text(encoding="utf-8"))

    def reset(self) -> None:
        self.rows.clear()
        self.save()

    def save(self) -> None:
        if self._path is not None:
            keeping.write(self._path, json.dumps(self.rows))

    def create(self, given: Obj) -> Obj:
        """Raises Refused."""
        company = self.company(given.get("companyCode") or self.companies[0])
        given = {**given, "code": given.get("code") or str(uuid4())}
        for field in ("type", "date", "customerCode"):
            if not given.get(field):
                raise Refused(f"Field {field} is required.", "ValueRequiredError", 5)
        if given["type"] not in RECORDED:
            raise Refused("The document type is not recorded.", "InvalidDocumentType", 1310)
        key = _key(company, given["type"], given["code"])
        known = self.rows.get(key)
        if known is not None and known["status"] != "Saved":
            raise Refused(
                "DocStatus is invalid for this operation.", "GetTaxError", 300,
                more="Expected Saved|Posted",
            )  # fmt: skip
        address = (given.get("addresses") or {}).get("singleLocation") or {}
        try:
            found = engine.rates(address, changed=self.rates_changed)
        except engine.Unresolved as wrong:
            raise Refused(str(wrong), "GetTaxError", 300) from wrong
        lines = [engine.line(place, one, found) for place, one in enumerate(given["lines"], 1)]
        total, tax, calculated = (
            round(sum(one[name] for one in lines), 2)
            for name in ("lineAmount", "tax", "taxCalculated")
        )
        row: Obj = {
            "id": known["id"] if known else 1_000_000 + len(self.rows),
            **{name: given.get(name, "") for name in (
                "code", "type", "date", "customerCode", "currencyCode", "referenceCode",
                "description", "businessIdentificationNo",
            )},
            "company": company,
            "status": "Saved",
            "locked": False,
            "version": (known["version"] if known else 0) + 1,
            "totalAmount": total,
            "totalTaxable": total,
            "totalTax": tax,
            "totalTaxCalculated": calculated,
            "lines": lines,
            "summary": engine.summary(address, lines, found),
        }  # fmt: skip
        self.rows[key] = self._touched(row)
        if given.get("commit"):
            self.commit(company, given["code"], given["type"])
        return row

    def commit(self, company: str, code: str, kind: str) -> Obj:
        row = self.get(company, code, kind)
        if row["status"] == "Cancelled":
            raise Refused("The transaction is cancelled.", "CannotCommitCancelled", 1311)
        row["status"] = "Committed"
        return self._touched(row)

    def void(self, company: str, code: str, kind: str) -> Obj:
        row = self.get(company, code, kind)
        if row["locked"]:
            raise Refused(
                "Locked transactions cannot be modified.", "CannotModifyLockedTransaction", 1309
            )
        row["status"] = "Cancelled"
        return self._touched(row)

    def lock(self, code: str) -> Obj:
        """As Avalara does when it has filed the return."""
        row = next(one for one in self.rows.values() if one["code"] == code)
        row["locked"] = True
        return self._touched(row)

    def get(self, company: str, code: str, kind: str) -> Obj:
        """Raises Refused."""
        row = self.rows.get(_key(self.company(company), kind, code))
        if row is None:
            said = f"The transaction {code} was not found."
            raise Refused(said, "EntityNotFoundError", 4, status=404)
        return row

    def of(self, company: str) -> Iterator[Obj]:
        return (row for row in list(self.rows.values()) if row["company"] == company)

    def company(self, code: str) -> str:
        """Raises Refused."""
        if code not in self.companies:
            said = f"Company {code} was not found."
            raise Refused(said, "CompanyNotFound", 1314, status=404)
        return code

    def _touched(self, row: Obj) -> Obj:
        """Changed now; no two changes are of one moment."""
        self._last = max(self._last + timedelta(milliseconds=1), datetime.now(UTC))
        row["modifiedDate"] = self._last.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        self.save()
        return row


def totals(ledger: Ledger, *, kind: str, start: str, end: str) -> dict[str, dict[str, Any]]:
    """By currency, count and recorded tax of documents within the days, in minor units."""
    found: dict[str, dict[str, Any]] = {}
    for row in ledger.rows.values():
        if start <= row["date"][:10] <= end:
            total = found.setdefault(row["currencyCode"], {"count": 0, "amount": 0})
            total["count"] += 1
            total["amount"] += round(row["totalTax"] * 100)
    return found


def _key(company: str, kind: str, code: str) -> str:
    return f"{company}|{kind}|{code}"

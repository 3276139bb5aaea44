"""API v2.0 over the world: what each address reads and changes, and a log of the changes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from connectors.systems.business_central.sandbox import drafting, posting
from connectors.systems.business_central.sandbox.hooks import Hooks
from connectors.systems.business_central.sandbox.odata import Refused, Row, listed, refused
from connectors.systems.business_central.sandbox.world import Company, World, fits

_PLACE: Final = re.compile(
    r"companies\((?P<company>[^)]*)\)(?:/(?P<what>[A-Za-z]+)(?:\((?P<id>[^)]*)\))?"
    r"(?P<post>/Microsoft\.NAV\.post)?)?"
)
_SUBSCRIPTION: Final = re.compile(r"subscriptions\('(?P<id>[^']*)'\)")
_NAV: Final = {
    "journals": "journalLines", "customerPaymentJournals": "customerPayments",
    "salesInvoices": "salesInvoiceLines", "salesCreditMemos": "salesCreditMemoLines",
}  # fmt: skip


class Store:
    """An append-only file of the changes that succeeded; without a path nothing is kept."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None

    def append(self, entry: list[Any]) -> None:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, separators=(",", ":")) + "\n")

    def written(self) -> list[list[Any]]:
        if self._path is None or not self._path.exists():
            return []
        lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def clear(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class Api:
    def __init__(self, world: World, hooks: Hooks, state_path: str) -> None:
        self.world = world
        self._hooks = hooks
        self.store = Store(state_path)
        self.counts: dict[str, int] = {}

    def replay(self) -> None:
        """What was done before a stop, at the time it was done; nobody is told again."""
        for at, method, path, body in self.store.written():
            self.world.at = datetime.fromisoformat(at)
            if method == "CLOSED":
                self.close(body)
            else:
                self._apply(method, path, body, "*")
        self.world.changed = self._hooks.tell

    def close(self, months: Mapping[str, str]) -> None:
        for company in self.world.companies.values():
            for month, state in months.items():
                (company.closed.add if state == "closed" else company.closed.discard)(month)

    def read(self, path: str, asked: Mapping[str, str], size: int) -> tuple[Any, int]:
        """A record, or a page of a collection and where the next begins. Raises Refused."""
        self._count("read")
        if path == "companies":
            rows = [
                {"id": one.id, "systemVersion": "28.0", "name": one.name,
                 "displayName": one.label, "businessProfileId": ""}
                for one in self.world.companies.values()
            ]  # fmt: skip
            return listed(rows, asked, size)
        if path == "subscriptions":
            return listed(list(self.world.subscriptions.values()), asked, size)
        found = _PLACE.fullmatch(path)
        if found is None or not found["what"] or found["post"]:
            raise Refused(404, "BadRequest_ResourceNotFound", "Resource not found for the segment.")
        company = self.world.company(found["company"])
        what = found["what"]
        if what == "generalLedgerSetup":
            return self.world.setup(company), 0
        rows = self._rows(company, what)
        if found["id"]:
            return self._shown(what, self._one(rows, found["id"]), asked), 0
        page, onward = listed(rows, asked, size)
        return [self._shown(what, row, asked) for row in page], onward

    async def change(self, method: str, path: str, body: Row, match: str) -> tuple[int, Any]:
        """Status and body of a change. Raises Refused, and then nothing was changed."""
        self.world.at = datetime.now(self.world.at.tzinfo)
        self.world.changed = self._hooks.tell
        if path.startswith("subscriptions"):
            return await self._subscription(method, path, body, match)
        done = self._apply(method, path, body, match)
        self.store.append([self.world.at.isoformat(), method, path, body])
        return done

    def _apply(self, method: str, path: str, body: Row, match: str) -> tuple[int, Any]:
        found = _PLACE.fullmatch(path)
        if found is None or not found["what"]:
            raise Refused(404, "BadRequest_ResourceNotFound", "Resource not found for the segment.")
        company, what = self.world.company(found["company"]), found["what"]
        if method == "POST":
            self._count("post" if found["post"] else "create")
            if found["post"]:
                self._post(company, what, found["id"])
                return 204, None
            return 201, self._create(company, what, body)
        self._count("change")
        if not match:
            words = "Could not validate the client concurrency token required by the service."
            raise Refused(412, "BadRequest_InvalidToken", words)
        rows = self._rows(company, what)
        row = self._one(rows, found["id"])
        if match not in ("*", row.get("@odata.etag")):
            raise Refused(
                409, "Request_EntityChanged", "Another user has already changed the record."
            )
        if method == "DELETE":
            self._delete(company, what, row)
            return 204, None
        if what != "customers":
            raise refused("Entity does not support this.", "BadRequest_MethodNotImplemented", 405)
        fits(body)
        row.update(body)
        self.world.changed(company, what, row["id"], "updated")
        return 200, self.world.touch(row)

    def _create(self, company: Company, what: str, body: Row) -> Row:
        if what in ("journals", "customerPaymentJournals"):
            row = drafting.batch(self.world, company, body, payments=what != "journals")
        elif what in ("salesInvoices", "salesCreditMemos"):
            row = drafting.sales(self.world, company, body, memo=what != "salesInvoices")
        elif what == "customers":
            row = self.world.create_customer(company, body)
        else:
            raise refused(f"'POST' requests for '{what}' are not allowed.",
                          "BadRequest_MethodNotAllowed", 405)  # fmt: skip
        return self._shown(what, row, {})

    def _post(self, company: Company, what: str, guid: str) -> None:
        if what == "journals":
            # Any batch by its id, those of payment journals too.
            rows = [*company.journals.values(), *company.payments.values()]
            posting.batch(self.world, company, self._one(rows, guid))
        elif what in ("salesInvoices", "salesCreditMemos"):
            posting.sales(self.world, company, self._one(self._rows(company, what), guid))
        else:
            raise refused("Entity does not support bound actions.",
                          "BadRequest_MethodNotImplemented")  # fmt: skip

    def _delete(self, company: Company, what: str, row: Row) -> None:
        if row.get("status", "Draft") != "Draft":
            raise refused("You cannot delete a posted document.")
        self._held(company, what).pop(row["id"])
        self.world.changed(company, what, row["id"], "deleted")

    async def _subscription(self, method: str, path: str, body: Row, match: str) -> tuple[int, Any]:
        found = _SUBSCRIPTION.fullmatch(path)
        if method == "DELETE" and found:
            self.world.subscriptions.pop(found["id"], None)
            return 204, None
        if method == "PATCH" and not match:
            words = "Could not validate the client concurrency token required by the service."
            raise Refused(412, "BadRequest_InvalidToken", words)
        await self._hooks.shake(str(body.get("notificationUrl") or ""))
        row = self.world.subscribe(body, found["id"] if found else "")
        return (200 if found else 201), row

    def _rows(self, company: Company, what: str) -> list[Row]:
        if what == "generalLedgerEntries":
            return company.entries
        if what == "accountingPeriods":
            return self.world.periods(company)
        return list(self._held(company, what).values())

    def _held(self, company: Company, what: str) -> dict[str, Row]:
        held = {
            "accounts": company.accounts, "customers": company.customers,
            "journals": company.journals, "customerPaymentJournals": company.payments,
            "salesInvoices": company.invoices, "salesCreditMemos": company.credit_memos,
        }.get(what)  # fmt: skip
        if held is None:
            words = f"Resource not found for the segment '{what}'."
            raise Refused(404, "BadRequest_ResourceNotFound", words)
        return held

    def _one(self, rows: list[Row], guid: str) -> Row:
        for row in rows:
            if row["id"] == guid:
                return row
        raise Refused(404, "Internal_RecordNotFound", "The record does not exist.")

    def _shown(self, what: str, row: Row, asked: Mapping[str, str]) -> Row:
        """Lines are shown when they are asked for."""
        lines = _NAV.get(what, "")
        if lines and lines in asked.get("$expand", ""):
            return row
        return {name: value for name, value in row.items() if name not in (lines, "posting")}

    def _count(self, work: str) -> None:
        self.counts[work] = self.counts.get(work, 0) + 1

"""The sandbox's general ledger: files, requests, batches, periods; and what else it holds."""

from __future__ import annotations

import base64
import binascii
import calendar
import csv
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from connectors.systems.oracle_fusion.sandbox import chart
from revops.kernel.clock import now

Row = dict[str, Any]
_TABLES: Final = (
    *("batches", "requests", "queue", "receivablesInvoices", "receivablesCreditMemos"),
    *("standardReceipts", "accounts", "periods"),
)
# By position in GlInterface.csv, as Oracle's template has it.
_LEDGER, _DAY, _SOURCE, _CURRENCY, _SEGMENT1 = 1, 2, 3, 5, 8
_DR, _CR, _BATCH, _JOURNAL, _TEXT, _LINE, _GROUP, _PERIOD = 38, 39, 42, 45, 46, 51, 66, 94
_COLUMNS: Final = 149
_LOADER: Final = "InterfaceLoaderController"


class Pod:
    """``waits``: requests stay in the queue. ``path`` keeps what is held over a restart."""

    def __init__(self, path: str = "", *, submitter: str = "") -> None:
        self.submitter = submitter
        self._path = Path(path) if path else None
        self.waits = False
        self.disabled: set[str] = set()
        self.tables: dict[str, list[Row]] = {name: [] for name in _TABLES}
        self.last = 1000
        if self._path and self._path.exists():
            held = json.loads(self._path.read_text(encoding="utf-8"))
            self.tables, self.last = held["tables"], held["last"]
        else:
            self._calendar()

    def save(self) -> None:
        if self._path:
            held = json.dumps({"tables": self.tables, "last": self.last}, default=str)
            self._path.write_text(held, encoding="utf-8")

    def reset(self) -> None:
        self.tables = {name: [] for name in _TABLES}
        self.last, self.waits, self.disabled = 1000, False, set()
        self._calendar()
        self.save()

    def number(self) -> int:
        self.last += 1
        return self.last

    def _calendar(self) -> None:
        for ledger, _, _, _ in chart.LEDGERS:
            for year in chart.YEARS:
                for month, name in enumerate(chart.MONTHS, 1):
                    last = calendar.monthrange(year, month)[1]
                    period = {
                        "PeriodNameId": f"{name}-{year % 100}", "ApplicationId": 101,
                        "LedgerId": ledger, "StartDate": f"{year}-{month:02d}-01",
                        "EndDate": f"{year}-{month:02d}-{last}", "ClosingStatus": "O",
                        "AdjustmentPeriodFlag": "N",
                    }  # fmt: skip
                    self.tables["periods"].append(period)

    def close(self, month: str, *, closed: bool) -> None:
        found = [one for one in self.tables["periods"] if one["StartDate"] == f"{month}-01"]
        if not found:
            raise ValueError(f"There is no period {month}.")
        for one in found:
            one["ClosingStatus"] = "C" if closed else "O"

    def is_open(self, ledger: int, day: str) -> bool:
        return any(
            one["ClosingStatus"] == "O"
            for one in self.tables["periods"]
            if one["LedgerId"] == ledger and one["StartDate"] <= day <= one["EndDate"]
        )

    def submit(self, body: Mapping[str, Any], *, silent: bool) -> str:
        """A request's number, “-1” for a job that is not known. ``silent``: nothing comes of it."""
        if body.get("OperationName") == "submitESSJobRequest":
            if body.get("JobDefName") != "AutomaticPosting":
                return "-1"
            request = self._request("SUCCEEDED", job="AutomaticPosting")
            if str(body.get("ESSParameters")) == chart.AUTOPOST:
                for batch in self.tables["batches"]:
                    self.post(batch)
            return request
        if not str(body.get("JobName", "")).endswith(",JournalImportLauncher"):
            return "-1"
        if silent or body.get("DocumentAccount") != chart.DOCUMENT_ACCOUNT:
            return self._request("SUCCEEDED", "The load ended; there was nothing to load.")
        request = self._request("WAIT")
        self.tables["queue"].append(
            {
                "request": request,
                "content": body.get("DocumentContent"),
                "parameters": body.get("ParameterList"),
            }
        )
        if not self.waits:
            self.work()
        return request

    def _request(self, status: str, log: str = "", *, job: str = _LOADER) -> str:
        number = str(self.number())
        begun = now().isoformat()
        row = {"id": number, "RequestStatus": status, "log": log, "begun": begun, "job": job}
        self.tables["requests"].append(row)
        return number

    def scheduled(self, row: Row) -> Row:
        """A request as Enterprise Scheduler tells of it; none of ours begins others."""
        return {
            "requestId": int(row["id"]),
            "absParentRequestId": int(row["id"]),
            "state": row["RequestStatus"],
            "submitter": self.submitter,
            "submissionTime": row["begun"],
            "jobDefinitionId": f"JobDefinition://oracle/apps/ess/{row['job']}",
        }

    def age(self, by: timedelta) -> None:
        """All requests were begun so much earlier."""
        for row in self.tables["requests"]:
            row["begun"] = (datetime.fromisoformat(row["begun"]) - by).isoformat()

    def work(self) -> int:
        """Do what is in the queue; how much that was."""
        queue, self.tables["queue"] = self.tables["queue"], []
        for one in queue:
            told = self._import(one)
            request = next(row for row in self.tables["requests"] if row["id"] == one["request"])
            request["RequestStatus"] = "ERROR" if told else "SUCCEEDED"
            request["log"] = told
        return len(queue)

    def _import(self, one: Mapping[str, Any]) -> str:
        """All or nothing; what its log says when it is nothing."""
        try:
            packed = zipfile.ZipFile(io.BytesIO(base64.b64decode(one["content"], validate=True)))
            sheet = packed.read("GlInterface.csv").decode("utf-8")
        except (binascii.Error, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            return "The file cannot be read."
        given = str(one["parameters"]).split(",")
        rows = list(csv.reader(io.StringIO(sheet)))
        if len(given) != 7 or any(len(row) != _COLUMNS for row in rows):
            return "The file does not have the columns of the template."
        rows = [row for row in rows if row[_GROUP] == given[3] and row[_LEDGER] == given[2]]
        problems = [told for row in rows if (told := self._problem(row))]
        sums = [sum((_decimal(row[side]) for row in rows), Decimal(0)) for side in (_DR, _CR)]
        if not rows:
            problems.append("There are no lines of this group.")
        elif sums[0] != sums[1]:
            problems.append("EU02 The journal entry is unbalanced.")
        if problems:
            return "\n".join(["Journal Import Execution Report", *problems])
        self._batch(rows, str(one["request"]))
        return ""

    def _problem(self, row: list[str]) -> str:
        ledger, day = int(row[_LEDGER]), row[_DAY].replace("/", "-")
        company, account = row[_SEGMENT1], row[_SEGMENT1 + 1]
        if row[0] != "NEW" or row[_CURRENCY] != chart.currency_of(ledger):
            return f"EC03 The currency {row[_CURRENCY]} has no rate."
        if not self.is_open(ledger, day):
            return f"EP01 {day} is not in any open or future enterable period."
        if account not in chart.ACCOUNTS or account in self.disabled:
            return f"EF04 FLEX-VALUE DOES NOT EXIST (SEGMENT=Account) (VALUE={account})"
        if company != chart.company_of(ledger):
            return f"EF04 FLEX-VALUE DOES NOT EXIST (SEGMENT=Company) (VALUE={company})"
        return ""

    def _batch(self, rows: list[list[str]], request: str) -> None:
        first = rows[0]
        ledger, number = int(first[_LEDGER]), self.number()
        lines = [
            {
                "JeLineNumber": place,
                "AccountCombination": "-".join(row[_SEGMENT1 : _SEGMENT1 + 3]),
                "AccountedDr": row[_DR] or None,
                "AccountedCr": row[_CR] or None,
                "EnteredDr": row[_DR] or None,
                "EnteredCr": row[_CR] or None,
                "Description": row[_LINE],
            }
            for place, row in enumerate(rows, 1)
        ]
        header = {
            "JeHeaderId": self.number(), "JournalName": first[_JOURNAL], "LedgerId": ledger,
            "Description": first[_TEXT], "CurrencyCode": first[_CURRENCY],
            "EffectiveDate": first[_DAY].replace("/", "-"), "journalLines": lines,
        }  # fmt: skip
        name = f"{first[_BATCH]} {first[_SOURCE]} {first[_GROUP]} {request} N"
        self.tables["batches"].append(
            {
                "JeBatchId": number,
                "BatchName": name,
                "BatchDescription": first[_TEXT],
                "Status": "U",
                "DefaultPeriodName": first[_PERIOD],
                "UserJeSourceName": first[_SOURCE],
                "journalHeaders": [header],
            }  # fmt: skip
        )

    def post(self, batch: Row) -> None:
        header = batch["journalHeaders"][0]
        if self.is_open(header["LedgerId"], header["EffectiveDate"]):
            batch["Status"] = "P"


def packed(text: str) -> str:
    """A log as Fusion hands it out: a ZIP in Base64."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("request.log", text)
    return base64.b64encode(held.getvalue()).decode("ascii")


def _decimal(value: str) -> Decimal:
    try:
        return Decimal(value or "0")
    except InvalidOperation:
        return Decimal("NaN")

"""
The sandbox's own door, which Fusion does not have.

    GET  /_control/                   how much is held
    GET  /_control/documents?key=…    what is held under a key, as the contract test reads it
    GET  /_control/totals?kind=&start=&end=   counts and sums by currency
    GET  /_control/moves[?key=…]      journals and documents with their lines
    GET  /_control/state              counts and ids by kind
    GET  /_control/requests           how often each kind of work was asked for
    POST /_control/faults             switch (``app._SCOPES``); GET shows, DELETE switches all off
    POST /_control/periods            {"2026-05": "closed"} or "open", in all ledgers
    POST /_control/imports            {"work": true}: what waits in the queue is imported
    POST /_control/posting            {"all": true}: every batch that may be posted is
    POST /_control/tamper             {"move": "batch:7", "do": "delete"}
    POST /_control/scenario/close_accounts  {"accounts": ["2100"]}: these are disabled, no others
    POST /_control/reset              empty books, no faults
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.routing import Mount

from connectors.sandboxes import door as doors
from connectors.sandboxes.totals import added, held
from connectors.systems.oracle_fusion.sandbox import chart
from connectors.systems.oracle_fusion.sandbox.ledger import Pod

if TYPE_CHECKING:
    from connectors.systems.oracle_fusion.sandbox.app import Sandbox

# Table, prefix of ids, id, comments, distributions, kind of list.
_DOCUMENTS: Final = (
    (
        *("receivablesInvoices", "invoice", "CustomerTransactionId", "Comments"),
        *("receivablesInvoiceDistributions", "TransactionNumber", "invoice"),
    ),
    (
        *("receivablesCreditMemos", "credit_memo", "CustomerTransactionId", "CreditMemoComments"),
        *("receivablesCreditMemoDistributions", "TransactionNumber", "credit_memo"),
    ),
    (
        *("standardReceipts", "receipt", "StandardReceiptId", "Comments", ""),
        *("ReceiptNumber", "payment"),
    ),
)


def door(sandbox: Sandbox) -> Mount:
    pod = sandbox.pod

    def periods(request: Request, value: Any) -> Any:
        for month, state in value.items():
            pod.close(month, closed=state == "closed")
        pod.save()
        return {"done": "periods"}

    def imports(request: Request, value: Any) -> Any:
        pod.age(timedelta(seconds=int(value.get("older_by") or 0)))
        done = pod.work() if value.get("work") else 0
        pod.save()
        return {"done": done, "waiting": len(pod.tables["queue"])}

    def posting(request: Request, value: Any) -> Any:
        for batch in pod.tables["batches"] if value.get("all") else ():
            pod.post(batch)
        pod.save()
        return {"done": "posting"}

    def tamper(request: Request, value: Any) -> Any:
        if value["do"] != "delete":
            raise ValueError(f"There is no “{value['do']}” here.")
        prefix, _, number = str(value["move"]).partition(":")
        named = {"batch": ("batches", "JeBatchId")} | {
            row[1]: (row[0], row[2]) for row in _DOCUMENTS
        }
        table, column = named[prefix]
        pod.tables[table] = [row for row in pod.tables[table] if str(row[column]) != number]
        pod.save()
        return {"done": "tamper"}

    def close_accounts(request: Request, value: Any) -> Any:
        pod.disabled = {str(code).rpartition("/")[2] for code in value["accounts"]}
        return {"closed": sorted(pod.disabled)}

    def reset(request: Request, value: Any) -> Any:
        sandbox.reset()
        return {"done": "reset"}

    def asked(request: Request, name: str) -> str:
        return request.query_params.get(name, "")

    return doors.door(
        sandbox.faults,
        lambda: _state(pod),
        {
            "GET ": lambda request, value: _summary(pod),
            "GET documents": lambda request, value: _documents(pod, asked(request, "key")),
            "GET totals": lambda request, value: _totals(
                pod, asked(request, "kind"), asked(request, "start"), asked(request, "end")
            ),
            "GET moves": lambda request, value: [
                one for one in moves(pod) if asked(request, "key") in ("", one["key"])
            ],
            "GET requests": lambda request, value: dict(sandbox.counts),
            "POST periods": periods,
            "POST imports": imports,
            "POST posting": posting,
            "POST tamper": tamper,
            "POST scenario/close_accounts": close_accounts,
            "POST reset": reset,
        },
    )


def moves(pod: Pod) -> list[dict[str, Any]]:
    """Lines as (account, net minor units, debit positive)."""
    found = []
    for batch in pod.tables["batches"]:
        (header,) = batch["journalHeaders"]
        lines = [
            (_account(one), _minor(one["AccountedDr"]) - _minor(one["AccountedCr"]))
            for one in header["journalLines"]
        ]
        found.append(
            {
                "id": f"batch:{batch['JeBatchId']}",
                "key": batch["BatchName"].split(" ")[0],
                "number": batch["BatchName"],
                "kind": "journal",
                "date": header["EffectiveDate"],
                "state": "posted" if batch["Status"] == "P" else "draft",
                "currency": chart.currency_of(header["LedgerId"]),
                "lines": lines,
            }  # fmt: skip
        )
    for table, prefix, number, comments, distributions, name, kind in _DOCUMENTS:
        for row in pod.tables[table]:
            ledger = chart.ledger_of_unit(row["BusinessUnit"])
            found.append(
                {
                    "id": f"{prefix}:{row[number]}",
                    "key": row[comments].split(" ")[0],
                    "number": row[name],
                    "kind": kind,
                    "date": row["AccountingDate"],
                    "state": "posted",
                    "currency": chart.currency_of(ledger),
                    "lines": _sides(row, distributions),
                }  # fmt: skip
            )
    return found


def _sides(row: dict[str, Any], distributions: str) -> list[tuple[str, int]]:
    if not distributions:
        pairs = (pair.split("=") for pair in chart.RECEIPT_METHODS.split(", "))
        accounts = {method: account for account, method in pairs}
        amount = _minor(row["Amount"])
        return [(accounts[row["ReceiptMethod"]], amount), (chart.RECEIVABLE, -amount)]
    return [
        (_account(one), _minor(one["Amount"]) * (1 if one["AccountClass"] == "Receivable" else -1))
        for one in row[distributions]
    ]


def _account(one: dict[str, Any]) -> str:
    return str(one["AccountCombination"]).split("-")[1]


def _minor(value: Any) -> int:
    return int(Decimal(value or 0).scaleb(chart.DIGITS))


def _documents(pod: Pod, key: str) -> list[dict[str, Any]]:
    shown = []
    for one in moves(pod):
        if one["key"] == key:
            lines: dict[str, int] = {}
            for account, amount in one["lines"]:
                lines[account] = lines.get(account, 0) + amount
            posted = one["state"] == "posted"
            held = {account: amount for account, amount in lines.items() if amount}
            shown.append({"external_id": one["id"], "posted": posted, "lines": held})
    return shown


def _totals(pod: Pod, kind: str, start: str, end: str) -> dict[str, dict[str, int]]:
    within = [one for one in moves(pod) if start <= one["date"] <= end]
    if kind == "journal":
        return added((one["currency"], _debits(one)) for one in within)
    if kind in ("invoice", "credit_memo", "payment"):
        sign = -1 if kind == "credit_memo" else 1
        return added(
            (one["currency"], sign * _debits(one)) for one in within if one["kind"] == kind
        )
    if kind == "customer":
        return added(("", 0) for _ in pod.tables["accounts"])
    if kind == "account":
        return added(("", 0) for _ in chart.ACCOUNTS)
    if kind == "period":
        return added((chart.currency_of(one["LedgerId"]), 0) for one in pod.tables["periods"])
    raise ValueError(f"There is no list of “{kind}”.")


def _debits(one: dict[str, Any]) -> int:
    return sum(max(amount, 0) for _, amount in one["lines"])


def _state(pod: Pod) -> dict[str, Any]:
    found = {"customer": [str(one["PartyNumber"]) for one in pod.tables["accounts"]]}
    for one in moves(pod):
        found.setdefault(one["kind"], []).append(one["id"])
    return held(found)


def _summary(pod: Pod) -> dict[str, Any]:
    all_ = moves(pod)
    posted = [one for one in all_ if one["state"] == "posted"]
    return {
        "posted": len(posted), "drafts": len(all_) - len(posted),
        "parties": len(pod.tables["accounts"]),
        "debits": str(Decimal(sum(map(_debits, posted))).scaleb(-chart.DIGITS)),
    }  # fmt: skip

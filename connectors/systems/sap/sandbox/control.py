"""
The sandbox's switchboard, under ``/_control/``.

    GET, POST, DELETE  faults       (``faults``)
    POST               periods      {"2026-05": "closed"}: postings of the month are refused
    GET                documents    ?key=…: what is held under a key of ours
    GET                totals       ?kind=&start=&end=: how many and how much, by currency
    GET                state        counts of what is held
    POST               clear        SAP's automatic clearing runs
    POST               reset        empty books, without faults
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.routing import Mount

from connectors.sandboxes.door import door as switchboard
from connectors.systems.sap import names
from connectors.systems.sap.sandbox import chart
from connectors.systems.sap.sandbox.odata import Row, date
from revops.kernel.money import minor_digits

if TYPE_CHECKING:
    from connectors.systems.sap.sandbox.app import Sandbox


def door(sandbox: Sandbox) -> Mount:
    def periods(request: Request, value: Any) -> Any:
        if request.method == "POST":
            sandbox.close(value)
            sandbox.note("closed", value)
        return sorted(sandbox.world.closed)

    def documents(request: Request, value: Any) -> Any:
        reference = names.reference(request.query_params["key"])
        return [
            {"external_id": "-".join(identity), "posted": True, "lines": _sums(rows)}
            for identity, rows in _grouped(sandbox.world.items).items()
            if rows[0]["DocumentReferenceID"] == reference
        ]

    def totals(request: Request, value: Any) -> Any:
        asked = request.query_params
        kind = asked["kind"]
        world = sandbox.world
        undated = {"customer": world.partners, "account": [0] * len(chart.ACCOUNTS),
                   "period": world.periods()}  # fmt: skip
        if kind in undated:
            count = len(undated[kind]) * (len(chart.COMPANIES) if kind == "account" else 1)
            return {"": {"count": count, "amount": 0}}
        found: dict[str, dict[str, int]] = {}
        for rows in _grouped(world.items).values():
            first = rows[0]
            inside = (
                _millis(date(asked["start"]))
                <= _millis(first["PostingDate"])
                <= _millis(date(asked["end"]))
            )
            if not inside or first["AccountingDocumentType"] not in _TYPES[kind]:
                continue
            total = found.setdefault(first["CompanyCodeCurrency"], {"count": 0, "amount": 0})
            total["count"] += 1
            total["amount"] += _amount(kind, rows)
        return found

    def state() -> Any:
        world = sandbox.world
        return {
            "documents": world.documents, "items": len(world.items),
            "partners": sorted(world.partners), "closed": sorted(world.closed),
        }  # fmt: skip

    def clear(request: Request, value: Any) -> Any:
        return {"cleared": sandbox.world.clear()}

    def reset(request: Request, value: Any) -> Any:
        sandbox.reset()
        return {}

    return switchboard(
        sandbox.faults,
        state,
        {
            "periods": periods, "documents": documents, "totals": totals,
            "POST clear": clear, "POST reset": reset,
        },
    )  # fmt: skip


_TYPES = {"journal": ("SA", "DR", "DG", "DZ"), "invoice": ("DR",), "credit_memo": ("DG",)}


def _grouped(items: Iterable[Row]) -> dict[tuple[str, str, str], list[Row]]:
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in items:
        identity = row["CompanyCode"], row["FiscalYear"], row["AccountingDocument"]
        found.setdefault(identity, []).append(row)
    return found


def _sums(rows: Iterable[Row]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        account = row["GLAccount"].lstrip("0")
        sums[account] = sums.get(account, 0) + _minor(row)
    return sums


def _amount(kind: str, rows: Iterable[Row]) -> int:
    amounts = [(row["FinancialAccountType"], _minor(row)) for row in rows]
    if kind == "journal":
        return sum(amount for _, amount in amounts if amount > 0)
    return abs(sum(amount for of, amount in amounts if of == "D"))


def _minor(row: Row) -> int:
    digits = minor_digits(row["CompanyCodeCurrency"])
    return int(Decimal(row["AmountInCompanyCodeCurrency"]).scaleb(digits))


def _millis(value: str) -> int:
    return int(value[6:-2])

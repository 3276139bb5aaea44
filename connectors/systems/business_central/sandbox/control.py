"""
The sandbox's switchboard, under ``/_control/``.

    GET, POST, DELETE  faults       (``faults``)
    POST               periods      {"2026-05": "closed"}: postings of the month are refused
    GET                documents    ?key=…: what is held under a key of ours
    GET                totals       ?kind=&start=&end=: how many and how much, by currency
    GET                state        counts of calls and records
    POST               edit         {"key", "amount"}: change the first line of a drafted journal
    POST               tax          {"percent": 10}: what is added to lines that are not untaxed
    POST               book         {"entity", "date", "lines", "number"}: a journal of a person
    POST               scenario/customers   {"count": 2}: customers that finance made
    POST               sign_in      how many tokens there were; {"expire": true} ends them
    POST               reset        empty books, without faults
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.routing import Mount

from connectors.sandboxes.door import door as switchboard
from connectors.sandboxes.totals import added
from connectors.systems.business_central import names
from connectors.systems.business_central.sandbox import chart, drafting, posting
from connectors.systems.business_central.sandbox.odata import Refused, Row
from connectors.systems.business_central.sandbox.world import Company
from revops.kernel.money import minor_digits

if TYPE_CHECKING:
    from connectors.systems.business_central.sandbox.app import Sandbox


def door(sandbox: Sandbox) -> Mount:
    def periods(request: Request, value: Any) -> Any:
        if request.method == "POST":
            sandbox.api.close(value)
            sandbox.api.store.append([sandbox.world.at.isoformat(), "CLOSED", "", value])
        return {name: sorted(one.closed) for name, one in _companies(sandbox)}

    def documents(request: Request, value: Any) -> Any:
        key = request.query_params["key"]
        return [found for _, one in _companies(sandbox) for found in _documents(one, key)]

    def totals(request: Request, value: Any) -> Any:
        asked = [request.query_params[name] for name in ("kind", "start", "end")]
        return added(
            row for _, company in _companies(sandbox) for row in _listed(sandbox, company, *asked)
        )

    def state() -> Any:
        return {
            "calls": sandbox.api.counts, "signed_in": sandbox.signed_in,
            "called": list(sandbox.hooks.called),
            "subscriptions": list(sandbox.world.subscriptions.values()),
            **{name: {"entries": len(one.entries), "postings": one.postings,
                      "customers": sorted(one.customers), "batches": len(one.journals)}
               for name, one in _companies(sandbox)},
        }  # fmt: skip

    def edit(request: Request, value: Any) -> Any:
        for _, company in _companies(sandbox):
            for row in company.journals.values():
                if row["code"] == names.batch_code(value["key"]):
                    line = row["journalLines"][0]
                    line["amount"] = Decimal(value["amount"])
                    sandbox.world.touch(line)
                    sandbox.world.touch(row)
                    return {"edited": row["id"]}
        raise ValueError("There is no such draft.")

    def book(request: Request, value: Any) -> Any:
        company = dict(_companies(sandbox))[value["entity"]]
        number = value.get("number") or sandbox.world.next(company, "G")
        if any(one["account"] == chart.RECEIVABLE for one in value["lines"]):
            by = min(company.customers, default="") or _made(sandbox, company, "HAND")
        lines = [
            {
                **({"accountType": "Customer", "accountNumber": by}
                   if one["account"] == chart.RECEIVABLE else {"accountNumber": one["account"]}),
                "postingDate": value["date"], "documentNumber": number,
                "amount": Decimal(one["amount"]).scaleb(-minor_digits(company.currency)),
                "description": value.get("text", "Booked by hand"),
            }
            for one in value["lines"]
        ]  # fmt: skip
        batch = {"code": "BYHAND", "journalLines": lines}
        row = drafting.batch(sandbox.world, company, batch, payments=False)
        try:
            posting.batch(sandbox.world, company, row)
        finally:
            company.journals.pop(row["id"])
        return {"number": number}

    def tax(request: Request, value: Any) -> Any:
        sandbox.world.tax_percent = Decimal(value["percent"])
        return {"percent": str(sandbox.world.tax_percent)}

    def customers(request: Request, value: Any) -> Any:
        company = sandbox.world.companies[next(iter(sandbox.world.companies))]
        count = int(value.get("count", 1))
        start = len(company.customers)
        return {"made": [_made(sandbox, company, f"K{start + n}") for n in range(count)]}

    def sign_in(request: Request, value: Any) -> Any:
        if value.get("expire"):
            sandbox.tokens.clear()
        return {"issued": sandbox.signed_in}

    def reset(request: Request, value: Any) -> Any:
        sandbox.reset()
        return {}

    return switchboard(
        sandbox.faults,
        state,
        {
            "periods": periods, "documents": documents, "totals": totals,
            "POST edit": edit,
            "POST tax": tax, "POST book": book, "POST scenario/customers": customers,
            "POST sign_in": sign_in, "POST reset": reset,
        },
        refused=(Refused,),
    )  # fmt: skip


def _companies(sandbox: Sandbox) -> list[tuple[str, Company]]:
    return [(one.name, one) for one in sandbox.world.companies.values()]


def _made(sandbox: Sandbox, company: Company, number: str) -> str:
    value = {"number": number, "displayName": f"Customer {number}", "country": "US",
             "city": "Austin"}  # fmt: skip
    return str(sandbox.world.create_customer(company, value)["number"])


def _documents(company: Company, key: str) -> list[Row]:
    number, external = names.document_number(key), names.external_number(key)
    found = [
        {"external_id": f"entry:{company.name}:{rows[0]['entryNumber']}", "posted": True,
         "number": number, "lines": _sums(company, rows)}
        for rows in _postings(company, number)
    ]  # fmt: skip
    for held, prefix, nav, sign in (
        (company.invoices, "invoice", "salesInvoiceLines", 1),
        (company.credit_memos, "credit_memo", "salesCreditMemoLines", -1),
    ):
        for row in held.values():
            if row["externalDocumentNumber"] != external:
                continue
            entries = [one for rows in _postings(company, row["number"]) for one in rows]
            drafted = {
                one["lineObjectNumber"]: _minor(company, -sign * one["amountExcludingTax"])
                for one in row[nav]
            }
            posted = row["status"] != "Draft"
            found.append({
                "external_id": f"{prefix}:{row['id']}", "posted": posted,
                "number": row["number"],
                "lines": _sums(company, entries) if posted else drafted,
            })  # fmt: skip
    code = names.batch_code(key)
    for held, prefix, nav in (
        (company.journals, "journal", "journalLines"),
        (company.payments, "payment", "customerPayments"),
    ):
        found += [
            {"external_id": f"{prefix}:{row['id']}", "posted": False, "lines": {}}
            for row in held.values()
            if row["code"] == code and row[nav]
        ]
    return found


def _postings(company: Company, number: str) -> list[list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in company.entries:
        if row["documentNumber"] == number:
            found.setdefault(row["posting"], []).append(row)
    return list(found.values())


def _sums(company: Company, rows: Iterable[Row]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        amount = _minor(company, row["debitAmount"] - row["creditAmount"])
        sums[row["accountNumber"]] = sums.get(row["accountNumber"], 0) + amount
    return sums


def _minor(company: Company, amount: Decimal) -> int:
    return int(amount.scaleb(minor_digits(company.currency)))


def _listed(
    sandbox: Sandbox, company: Company, kind: str, start: str, end: str
) -> list[tuple[str, int]]:
    currency = company.currency
    if kind == "journal":
        sums: dict[int, Decimal] = {}
        for row in company.entries:
            if start <= row["postingDate"] <= end:
                sums[row["posting"]] = sums.get(row["posting"], Decimal(0)) + row["debitAmount"]
        return [(currency, _minor(company, amount)) for amount in sums.values()]
    if kind in ("invoice", "credit_memo"):
        held = company.invoices if kind == "invoice" else company.credit_memos
        return [
            (currency, _minor(company, row["totalAmountIncludingTax"]))
            for row in held.values()
            if start <= row["postingDate"] <= end
        ]
    count = {
        "customer": len(company.customers), "account": len(company.accounts),
        "period": len(sandbox.world.periods(company)),
    }[kind]  # fmt: skip
    return [("", 0)] * count

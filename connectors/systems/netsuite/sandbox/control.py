"""
The sandbox's own door, which NetSuite does not have.

    GET  /_control/                   how many transactions and customers, and the sum of debits
    GET  /_control/documents?key=…    what is held under a key, as the contract test reads it
    GET  /_control/totals?kind=&start=&end=   counts and sums by currency
    GET  /_control/moves[?key=…]      transactions with their lines, as a person would read them
    GET  /_control/state              counts and ids by kind
    GET  /_control/requests           how often each kind of work was asked for
    POST /_control/faults             switch (``app._SCOPES``); GET shows, DELETE switches all off
    POST /_control/periods            {"2026-05": "closed"} or "open"
    POST /_control/approvals          {"needed": true}: journals wait; {"approve": id}: post one
    POST /_control/jobs               {"held": true}: jobs stay pending; {"finish": true}
    POST /_control/sign_in            {"expire": true}: all tokens end
    POST /_control/book               a person books: {"entity", "date", "lines": [{"account",
                                      "amount"}], "text"}; amounts in minor units, debit positive
    POST /_control/tamper             {"move": id, "do": "delete"}, or "shift" with "account",
                                      "against" and "by": what nobody may do to what is posted
    POST /_control/scenario/close_accounts  {"accounts": ["2100"]}: these are inactive, no others
    POST /_control/reset              empty books, no faults
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.routing import Mount

from connectors.sandboxes import door as doors
from connectors.sandboxes.totals import added, held
from connectors.systems.netsuite.sandbox import chart
from connectors.systems.netsuite.sandbox.ledger import Refusal
from connectors.systems.netsuite.sandbox.store import Store

if TYPE_CHECKING:
    from connectors.systems.netsuite.sandbox.app import Sandbox

_TYPES: Final = {"invoice": "CustInvc", "credit_memo": "CustCred", "payment": "CustPymt"}
_MOVES: Final = """
SELECT t.*, tl.subsidiary, s.name AS company, cy.symbol, cy.currencyprecision AS digits,
    p.periodname, a.acctnumber, tal.debit, tal.credit
FROM "transaction" t
JOIN transactionaccountingline tal ON tal."transaction" = t.id
JOIN transactionline tl ON tl."transaction" = t.id AND tl.id = tal.transactionline
JOIN subsidiary s ON s.id = tl.subsidiary JOIN currency cy ON cy.id = s.currency
JOIN account a ON a.id = tal.account
LEFT JOIN accountingperiod p ON p.id = t.postingperiod
ORDER BY t.id, tal.transactionline
"""


def door(sandbox: Sandbox) -> Mount:
    def approvals(request: Request, value: Any) -> Any:
        if "needed" in value:
            sandbox.ledger.approvals = bool(value["needed"])
        if "approve" in value:
            number = int(value["approve"])
            db = sandbox.store.db
            db.execute("""UPDATE "transaction" SET posting = 'T' WHERE id = ?""", (number,))
            lines = 'UPDATE transactionaccountingline SET posting = ? WHERE "transaction" = ?'
            db.execute(lines, ("T", number))
            db.commit()
        return {"needed": sandbox.ledger.approvals}

    def jobs(request: Request, value: Any) -> Any:
        sandbox.jobs.held = bool(value.get("held", sandbox.jobs.held))
        return {
            "held": sandbox.jobs.held,
            "finished": sandbox.jobs.finish() if "finish" in value else 0,
        }

    def periods(request: Request, value: Any) -> Any:
        for code, state in value.items():
            shut = "T" if state == "closed" else "F"
            query = """UPDATE accountingperiod SET closed = ? WHERE startdate = ?
                AND isyear = 'F' AND isquarter = 'F'"""
            if not sandbox.store.db.execute(query, (shut, f"{code}-01")).rowcount:
                raise ValueError(f"There is no period {code}.")
        sandbox.store.db.commit()
        return {"done": "periods"}

    def book(request: Request, value: Any) -> Any:
        number = _book(sandbox, value)
        return next(one for one in moves(sandbox.store) if one["id"] == number)

    def tamper(request: Request, value: Any) -> Any:
        _tamper(sandbox.store, value)
        return {"done": "tamper"}

    def close_accounts(request: Request, value: Any) -> Any:
        codes = {str(code).rpartition("/")[2] for code in value["accounts"]}
        for code, _, _ in chart.ACCOUNTS:
            flag = "T" if code in codes else "F"
            query = "UPDATE account SET isinactive = ? WHERE acctnumber = ?"
            sandbox.store.db.execute(query, (flag, code))
        sandbox.store.db.commit()
        return {"closed": sorted(codes)}

    def reset(request: Request, value: Any) -> Any:
        sandbox.reset()
        return {"done": "reset"}

    def asked(request: Request, name: str) -> str:
        return request.query_params.get(name, "")

    return doors.door(
        sandbox.faults,
        lambda: _state(sandbox.store),
        {
            "GET ": lambda request, value: _summary(sandbox.store),
            "GET documents": lambda request, value: _documents(
                sandbox.store, asked(request, "key")
            ),
            "GET totals": lambda request, value: _totals(
                sandbox.store,
                asked(request, "kind"),
                asked(request, "start"),
                asked(request, "end"),
            ),
            "GET moves": lambda request, value: [
                one for one in moves(sandbox.store) if asked(request, "key") in ("", one["key"])
            ],
            "GET requests": lambda request, value: dict(sandbox.counts),
            "POST periods": periods,
            "POST approvals": approvals,
            "POST jobs": jobs,
            "POST sign_in": doors.sign_ins(sandbox.door),
            "POST book": book,
            "POST tamper": tamper,
            "POST scenario/close_accounts": close_accounts,
            "POST reset": reset,
        },
        refused=(Refusal,),
    )


def moves(store: Store) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for row in store.all(_MOVES):
        move = found.setdefault(
            row["id"],
            {
                "id": row["id"], "key": row["externalid"] or "", "text": row["memo"] or "",
                "type": row["type"], "number": row["tranid"], "date": row["trandate"],
                "state": "posted" if row["posting"] == "T" else "draft",
                "period": row["periodname"] or "", "company": row["company"],
                "currency": row["symbol"], "digits": row["digits"], "lines": [],
            },
        )  # fmt: skip
        line = {"account": row["acctnumber"]}
        line |= {side: str(Decimal(row[side] or 0)) for side in ("debit", "credit")}
        move["lines"].append(line)
    return list(found.values())


def _net(line: dict[str, str], digits: int) -> int:
    return int((Decimal(line["debit"]) - Decimal(line["credit"])).scaleb(digits))


def _documents(store: Store, key: str) -> list[dict[str, Any]]:
    shown = []
    for one in moves(store):
        if one["key"] != key:
            continue
        lines: dict[str, int] = {}
        for line in one["lines"]:
            lines[line["account"]] = lines.get(line["account"], 0) + _net(line, one["digits"])
        lines = {account: amount for account, amount in lines.items() if amount}
        posted = one["state"] == "posted"
        shown.append({"external_id": str(one["id"]), "posted": posted, "lines": lines})
    return shown


def _totals(store: Store, kind: str, start: str, end: str) -> dict[str, dict[str, int]]:
    if kind == "journal":
        sums = (
            (one["currency"], sum(max(_net(line, one["digits"]), 0) for line in one["lines"]))
            for one in moves(store)
            if start <= one["date"] <= end
        )
        return added(sums)
    if kind in _TYPES:
        rows = store.all(
            """SELECT cy.symbol, t.foreigntotal, cy.currencyprecision FROM "transaction" t
            JOIN currency cy ON cy.id = t.currency
            WHERE t.type = ? AND t.trandate BETWEEN ? AND ?""",
            _TYPES[kind], start, end,
        )  # fmt: skip
        return added((row[0], int(Decimal(row[1]).scaleb(row[2]))) for row in rows)
    if kind == "customer":
        query = "SELECT cy.symbol FROM customer c JOIN currency cy ON cy.id = c.currency"
        return added((row[0], 0) for row in store.all(query))
    if kind == "account":
        return added(("", 0) for _ in chart.ACCOUNTS)
    if kind == "period":
        count = len(chart.YEARS) * len(chart.MONTHS)
        return added((code, 0) for _, _, code in chart.SUBSIDIARIES[1:] for _ in range(count))
    raise ValueError(f"There is no list of “{kind}”.")


def _state(store: Store) -> dict[str, Any]:
    found: dict[str, list[str]] = {"customer": []}
    query = """SELECT 'customer' AS kind, id FROM customer UNION ALL
        SELECT type, id FROM "transaction" ORDER BY id"""
    for row in store.all(query):
        found.setdefault(row["kind"], []).append(str(row["id"]))
    return held(found)


def _summary(store: Store) -> dict[str, Any]:
    all_ = moves(store)
    posted = [one for one in all_ if one["state"] == "posted"]
    debits = sum(Decimal(line["debit"]) for one in posted for line in one["lines"])
    parties = store.one("SELECT count(*) AS number FROM customer")
    return {
        "posted": len(posted), "drafts": len(all_) - len(posted),
        "parties": parties["number"] if parties else 0, "debits": str(debits),
    }  # fmt: skip


def _book(sandbox: Sandbox, value: Any) -> int:
    """Into a closed period too: who books by hand may have the right to."""
    codes = dict(pair.split("=") for pair in chart.MAPPED.split(", "))
    store, subsidiary = sandbox.store, codes[value["entity"]]
    row = store.one("SELECT currency FROM subsidiary WHERE id = ?", subsidiary)
    period = store.one(
        "SELECT * FROM accountingperiod WHERE ? BETWEEN startdate AND enddate AND isyear = 'F'",
        value["date"],
    )
    party = store.one("SELECT min(id) AS id FROM customer")
    assert row is not None
    if period is None:
        raise ValueError("There is no period for that day.")
    scale = 0 if chart.CURRENCIES[row["currency"] - 1] in chart.NO_CENTS else 2
    items = []
    for line in value["lines"]:
        account = store.one("SELECT * FROM account WHERE acctnumber = ?", line["account"])
        if account is None:
            raise ValueError(f"There is no account {line['account']}.")
        amount = Decimal(abs(line["amount"])).scaleb(-scale)
        item: dict[str, Any] = {"account": {"id": account["id"]}}
        item["debit" if line["amount"] > 0 else "credit"] = amount
        if account["accttype"] == "AcctRec" and party is not None:
            item["entity"] = {"id": party["id"]}
        items.append(item)
    body = {
        "subsidiary": {"id": subsidiary}, "currency": {"id": row["currency"]},
        "tranDate": value["date"], "postingPeriod": {"id": period["id"]},
        "memo": value.get("text", "Booked by hand"), "line": {"items": items},
    }  # fmt: skip
    store.db.execute("UPDATE accountingperiod SET closed = 'F' WHERE id = ?", (period["id"],))
    number = sandbox.ledger.create("journalEntry", body)
    shut = (period["closed"], period["id"])
    store.db.execute("UPDATE accountingperiod SET closed = ? WHERE id = ?", shut)
    store.db.commit()
    return number


def _tamper(store: Store, value: Any) -> None:
    number = int(value["move"])
    if value["do"] == "delete":
        store.db.execute('DELETE FROM transactionaccountingline WHERE "transaction" = ?', (number,))
        store.db.execute('DELETE FROM transactionline WHERE "transaction" = ?', (number,))
        store.db.execute('DELETE FROM "transaction" WHERE id = ?', (number,))
    elif value["do"] == "shift":
        for code, by in ((value["account"], value["by"]), (value["against"], -value["by"])):
            row = store.one(
                """SELECT tal.rowid AS place, tal.debit, tal.credit
                FROM transactionaccountingline tal JOIN account a ON a.id = tal.account
                WHERE tal."transaction" = ? AND a.acctnumber = ? ORDER BY tal.transactionline""",
                number, code,
            )  # fmt: skip
            if row is None:
                raise ValueError(f"It has no line on {code}.")
            net = Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0) + Decimal(by).scaleb(-2)
            sides = (str(net) if net > 0 else None, str(-net) if net < 0 else None, row["place"])
            query = "UPDATE transactionaccountingline SET debit = ?, credit = ? WHERE rowid = ?"
            store.db.execute(query, sides)
    else:
        raise ValueError(f"There is no “{value['do']}” here.")
    store.db.commit()

"""
The sandbox's own door, which Tryton does not have.

    GET  /_control/moves[?key=…]      what the books hold, drafts included
    GET  /_control/documents?key=…    what is held under a key of ours, moves and invoices
    GET  /_control/totals             by currency: ?kind=journal&start=2026-01-01&end=2026-12-31
    GET  /_control/                   how many moves, drafts and parties, and the sum of debits
    GET  /_control/state              counts and ids by model
    GET  /_control/requests           how often each kind of work was asked for
    GET  /_control/faults             what is switched on; DELETE switches all off
    POST /_control/faults             switch (see ``faults``)
    POST /_control/periods            {"2026-05": "closed", …} or "open"
    POST /_control/edit               {"move": id, "credit": "1.00"}: a person changes a draft;
                                      {"invoice": id, "price": "1.00"}: or that of an invoice
    POST /_control/book               a person books a move, into a closed period too:
                                      {"entity": …, "date": …, "lines": [{"account", "amount"}]}
    POST /_control/tamper             {"move": id, "do": "delete"}, "double" or "shift" (see
                                      ``tampering``): what nobody may do to a posted move
    POST /_control/reset              empty books, no faults
    POST /_control/scenario/close_accounts  {"accounts": ["UK-LTD/2100"]}: these, and no others
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.routing import Mount

from connectors.sandboxes import door as doors
from connectors.sandboxes import totals
from connectors.systems.tryton.sandbox import chart, held, invoicing, tampering
from connectors.systems.tryton.sandbox.checks import amount
from connectors.systems.tryton.sandbox.ledger import Ledger, origin
from connectors.systems.tryton.sandbox.records import Record, plain
from connectors.systems.tryton.sandbox.refused import UserError
from connectors.systems.tryton.wire import date, decimal

if TYPE_CHECKING:
    from connectors.systems.tryton.sandbox.app import Sandbox


def door(sandbox: Sandbox) -> Mount:
    def changing(what: str) -> doors.Handler:
        def do(request: Request, value: Any) -> Any:
            change(sandbox, what, value)
            if what != "reset":
                sandbox.store.append(["control", what, value])
            return {"done": what}

        return do

    def switch(request: Request, value: Any) -> Any:
        change(sandbox, "faults", value)
        return sandbox.faults.shown()

    def close_accounts(request: Request, value: Any) -> Any:
        change(sandbox, "faults", {"reject_accounts": value["accounts"]})
        return {"closed": value["accounts"]}

    def book(request: Request, value: Any) -> Any:
        change(sandbox, "book", value)
        sandbox.store.append(["control", "book", value])
        return moves(sandbox.ledger, "")[-1]

    def known(request: Request, value: Any) -> Any:
        return moves(sandbox.ledger, request.query_params.get("key", ""))

    return doors.door(
        sandbox.faults,
        lambda: totals.held(sandbox.ledger.tables),
        {
            "GET ": lambda request, value: summary(sandbox.ledger),
            "GET moves": known,
            "GET documents": lambda request, value: held.documents(
                sandbox.ledger, request.query_params.get("key", "")
            ),
            "GET totals": lambda request, value: held.totals(
                sandbox.ledger, *(request.query_params[name] for name in ("kind", "start", "end"))
            ),
            "GET requests": lambda request, value: dict(sandbox.counts),
            "POST faults": switch,
            "POST periods": changing("periods"),
            "POST edit": changing("edit"),
            "POST tamper": changing("tamper"),
            "POST book": book,
            "POST reset": changing("reset"),
            "POST scenario/close_accounts": close_accounts,
        },
        refused=(UserError,),
    )


def change(sandbox: Sandbox, what: str, value: Any) -> None:
    if what == "reset":
        sandbox.reset()
    elif what == "faults":
        switches = dict(value)
        if "unique_parties" in switches:
            sandbox.ledger.unique_parties = bool(switches.pop("unique_parties"))
        if "reject_accounts" in switches:
            rejected = set(switches.pop("reject_accounts") or ())
            for account in sandbox.ledger.table("account.account").values():
                code = account["code"]
                company = chart.COMPANIES[account["company"] - 1][0]
                account["closed"] = bool(rejected & {code, f"{company}/{code}"})
        sandbox.faults.set(switches)
    elif what == "periods":
        for name, state in value.items():
            sandbox.ledger.set_period(name, state)
    elif what == "book":
        _book(sandbox.ledger, value)
    elif what == "tamper":
        tampering.tamper(sandbox.ledger, value)
    elif what == "edit" and "invoice" in value:
        invoicing.edit(sandbox.ledger, value["invoice"], value["price"])
    elif what == "edit":
        move = sandbox.ledger.table("account.move")[value["move"]]
        lines = sandbox.ledger.table("account.move.line")
        for line in (lines[number] for number in move["lines"]):
            for side in ("debit", "credit"):
                if side in value and amount(line[side]):
                    line[side] = {"__class__": "Decimal", "decimal": value[side]}
    else:
        raise ValueError(f"There is no “{what}” here.")


def _book(ledger: Ledger, value: Any) -> None:
    """Amounts in minor units, debit positive; what wants a party gets the first one."""
    company = next(n for n, one in enumerate(chart.COMPANIES, 1) if one[0] == value["entity"])
    day = tuple(int(part) for part in value["date"].split("-"))
    period = next(
        row for row in ledger.table("account.period").values()
        if row["company"] == company
        and plain(row["start_date"]) <= day <= plain(row["end_date"])
    )  # fmt: skip
    accounts = {
        row["code"]: row
        for row in ledger.table("account.account").values()
        if row["company"] == company
    }
    lines = []
    for line in value["lines"]:
        account, minor = accounts[line["account"]], line["amount"]
        side = {"account": account["id"], "debit": _minor(max(minor, 0))}
        side["credit"] = _minor(max(-minor, 0))
        if account["party_required"]:
            side["party"] = min(ledger.table("party.party"), default=None)
        lines.append(side)
    journal = next(
        row["id"] for row in ledger.table("account.journal").values() if row["code"] == "MISC"
    )
    move = {
        "company": company, "journal": journal, "period": period["id"], "date": date(value["date"]),
        "description": value.get("text", "Booked by hand"), "lines": [["create", lines]],
    }  # fmt: skip
    ledger.post([ledger.insert_move(move)])


def _minor(amount: int) -> Any:
    return decimal(amount, chart.DIGITS)


def moves(ledger: Ledger, key: str) -> list[dict[str, Any]]:
    """
    Amounts as plain decimals; the key is the first word of the description, or of the reference of
    the invoice whose move it is, and the text what follows; ``invoice`` is that one's number.
    """
    rows = ledger.table("account.move").values()
    return [_move(ledger, row) for row in rows if not key or _key(ledger, row) == key]


def _invoice(ledger: Ledger, row: Record) -> Record | None:
    of = origin(row)
    return ledger.table("account.invoice")[of] if of else None


def _words(ledger: Ledger, row: Record) -> str:
    invoice = _invoice(ledger, row)
    return str((invoice["reference"] if invoice else row["description"]) or "")


def _key(ledger: Ledger, row: Record) -> str:
    return _words(ledger, row).partition(" ")[0]


def _text(ledger: Ledger, row: Record) -> str:
    return _words(ledger, row).partition(" ")[2]


def _move(ledger: Ledger, row: Record) -> dict[str, Any]:
    invoice = _invoice(ledger, row)
    lines = (ledger.table("account.move.line")[line] for line in sorted(row["lines"]))
    period = ledger.table("account.period")[row["period"]]
    day = plain(row["date"])
    company, _, currency, _ = chart.COMPANIES[row["company"] - 1]
    return {
        "id": row["id"],
        "key": _key(ledger, row),
        "text": _text(ledger, row),
        "invoice": invoice["number"] if invoice else "",
        "number": row["number"] or "",
        "state": row["state"],
        "date": f"{day[0]:04d}-{day[1]:02d}-{day[2]:02d}",
        "period": period["name"],
        "company": company,
        "currency": currency,
        "lines": [_line(ledger, line) for line in lines],
    }


def _line(ledger: Ledger, line: Record) -> dict[str, Any]:
    party = ledger.table("party.party")[line["party"]]["code"] if line["party"] else ""
    return {
        "account": ledger.table("account.account")[line["account"]]["code"],
        "debit": f"{amount(line['debit']):.2f}",
        "credit": f"{amount(line['credit']):.2f}",
        "party": party,
        **_second(ledger, line),
    }


def _second(ledger: Ledger, line: Record) -> dict[str, str]:
    """``EUR 12.00`` for a line with a second currency."""
    if line["second_currency"] is None:
        return {}
    code = ledger.table("currency.currency")[line["second_currency"]]["code"]
    return {"second": f"{code} {amount(line['amount_second_currency']):.2f}"}


def summary(ledger: Ledger) -> dict[str, Any]:
    rows = ledger.table("account.move").values()
    posted = sum(row["state"] == "posted" for row in rows)
    lines = ledger.table("account.move.line")
    debits = sum(
        amount(lines[line]["debit"]) for row in rows if row["state"] == "posted"
        for line in row["lines"]
    )  # fmt: skip
    return {
        "posted": posted,
        "drafts": len(rows) - posted,
        "parties": len(ledger.table("party.party")),
        "debits": str(debits),
    }

"""What the sandbox holds, as the contract test of ERPs wants to see it: by key, and in totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from connectors.sandboxes.totals import added
from connectors.systems.tryton.sandbox import chart
from connectors.systems.tryton.sandbox.checks import amount
from connectors.systems.tryton.sandbox.ledger import Ledger, origin
from connectors.systems.tryton.sandbox.records import Record, plain

_MINOR = 10**chart.DIGITS


def documents(ledger: Ledger, key: str) -> list[dict[str, Any]]:
    """Moves and invoices under a key of ours; an invoice stands for its own move."""
    found = []
    for row in ledger.table("account.move").values():
        if row["origin"] is None and str(row["description"] or "").partition(" ")[0] == key:
            found.append(_document(ledger, str(row["id"]), row))
    for row in ledger.table("account.invoice").values():
        if str(row["reference"] or "").partition(" ")[0] == key:
            move = ledger.table("account.move")[row["move"]] if row["move"] else None
            found.append(_document(ledger, f"invoice:{row['id']}", move))
    return found


def _document(ledger: Ledger, external_id: str, move: Record | None) -> dict[str, Any]:
    lines: dict[str, int] = {}
    for line in _lines(ledger, move) if move else ():
        code = ledger.table("account.account")[line["account"]]["code"]
        lines[code] = lines.get(code, 0) + _minor(line["debit"]) - _minor(line["credit"])
    return {
        "external_id": external_id,
        "posted": move is not None and move["state"] == "posted",
        "lines": {code: balance for code, balance in lines.items() if balance},
    }


def totals(ledger: Ledger, kind: str, start: str, end: str) -> dict[str, dict[str, int]]:
    """By currency, how many of a kind there are within the days, and what they come to."""
    return added(_rows(ledger, kind, start, end))


def _rows(ledger: Ledger, kind: str, start: str, end: str) -> Iterator[tuple[str, int]]:
    def within(row: Record) -> bool:
        return start <= _day(row["date"]) <= end

    moves = [row for row in ledger.table("account.move").values() if within(row)]
    if kind == "journal":
        for move in moves:
            lines = _lines(ledger, move)
            yield _currency(move), sum(_minor(line["debit"]) for line in lines)
    elif kind in ("invoice", "credit_memo"):
        for move in moves:
            of = origin(move)
            total = _minor(ledger.table("account.invoice")[of]["total_amount"]) if of else 0
            if of and (total < 0) == (kind == "credit_memo"):
                yield _currency(move), abs(total)
    elif kind == "payment":
        for move in moves:
            if move["state"] == "posted" and origin(move) is None:
                for line in _lines(ledger, move):
                    account = ledger.table("account.account")[line["account"]]
                    if account["code"] in chart.PARTY_REQUIRED and _minor(line["credit"]):
                        yield _currency(move), _minor(line["credit"])
    elif kind == "customer":
        yield from (("", 0) for _ in ledger.table("party.party"))
    elif kind == "account":
        yield from ((_currency(row), 0) for row in ledger.table("account.account").values())
    elif kind == "period":
        for row in ledger.table("account.period").values():
            if _day(row["start_date"]) <= end and _day(row["end_date"]) >= start:
                yield _currency(row), 0
    else:
        raise ValueError(f"There is no list of “{kind}”.")


def _lines(ledger: Ledger, move: Record) -> Iterable[Record]:
    return [ledger.table("account.move.line")[number] for number in move["lines"]]


def _currency(row: Record) -> str:
    return chart.COMPANIES[row["company"] - 1][2]


def _minor(value: Any) -> int:
    return int(amount(value) * _MINOR)


def _day(value: Any) -> str:
    year, month, day = plain(value)
    return f"{year:04d}-{month:02d}-{day:02d}"

"""
What the ERP's books must hold, worked out from what the source itself says about its business.

Nothing of the console is asked: neither its tables nor its rules. An invoice is Dr receivable of
its total, Cr deferred revenue for each line of a plan or revenue for each other line, and Cr its
tax; a charge that went through is Dr clearing, Cr receivable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.peers.localstripe import LocalStripe

CLEARING: Final = "1050"
RECEIVABLE: Final = "1100"
TAX: Final = "2100"
DEFERRED: Final = "2300"
REVENUE: Final = "4000"


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """Minor units, credits negative; ``party`` only on receivables."""

    account: str
    amount: int
    party: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """``day`` is an ISO day. All tax of a move is one line here, however it was split."""

    company: str
    currency: str
    day: str
    lines: tuple[Line, ...]


Books = Counter[Move]


def expected(stripe: LocalStripe, *, company: str, zone: str) -> Books:
    """
    All final invoices and all charges that went through. An invoice whose lines and total differ
    cannot be in any books.
    """
    books: Books = Counter()
    for invoice in stripe.every("/v1/invoices"):
        if invoice["status"] != "draft" and adds_up(invoice):
            books[_invoice(invoice, company, zone)] += 1
    for charge in stripe.every("/v1/charges"):
        if charge["status"] == "succeeded":
            lines = [Line(CLEARING, charge["amount"])]
            lines.append(Line(RECEIVABLE, -charge["amount"], charge["customer"]))
            books[_move(company, charge, charge["created"], zone, lines)] += 1
    return books


def adds_up(invoice: Mapping[str, Any]) -> bool:
    lines = sum(item["amount"] for item in invoice["lines"]["data"])
    return bool(lines + invoice["tax"] == invoice["total"])


def _invoice(invoice: Mapping[str, Any], company: str, zone: str) -> Move:
    lines = [Line(RECEIVABLE, invoice["total"], invoice["customer"])]
    lines += [
        Line(DEFERRED if item["plan"] else REVENUE, -item["amount"])
        for item in invoice["lines"]["data"]
    ]
    if invoice["tax"]:
        lines.append(Line(TAX, -invoice["tax"]))
    issued = invoice["status_transitions"]["finalized_at"] or invoice["created"]
    return _move(company, invoice, issued, zone, lines)


def _move(
    company: str, told: Mapping[str, Any], moment: int, zone: str, lines: Iterable[Line]
) -> Move:
    day = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone)).date()
    return Move(company, told["currency"].upper(), day.isoformat(), tuple(sorted(lines)))


def held(moves: Iterable[Mapping[str, Any]]) -> Books:
    """What ``TrytonPeer.moves`` found, drafts included."""
    books: Books = Counter()
    for move in moves:
        lines = [_line(line) for line in move["lines"]]
        tax = sum(line.amount for line in lines if line.account == TAX)
        kept = [line for line in lines if line.account != TAX]
        kept += [Line(TAX, tax)] if tax else []
        books[Move(move["company"], move["currency"], move["date"], tuple(sorted(kept)))] += 1
    return books


def _line(line: Mapping[str, Any]) -> Line:
    amount = (Decimal(line["debit"]) - Decimal(line["credit"])) * 100
    assert amount == int(amount), f"{line} has fractions of a cent"
    return Line(line["account"], int(amount), line["party"])


def difference(expected: Books, held: Books) -> str:
    """In words, with examples; empty when there is none."""
    found = []
    for what, moves in (("missing", expected - held), ("too many", held - expected)):
        if moves:
            found.append(f"{moves.total()} {what}, such as {', '.join(map(str, list(moves)[:3]))}")
    return "; ".join(found)

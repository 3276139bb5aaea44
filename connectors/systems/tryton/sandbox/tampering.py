"""
What people with too many rights do to posted moves, as it is seen in real books: one is deleted,
one is doubled by an import, an amount is changed in the database. Tryton's own doors refuse all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.systems.tryton.sandbox import chart
from connectors.systems.tryton.sandbox.checks import amount
from connectors.systems.tryton.sandbox.ledger import Ledger
from connectors.systems.tryton.sandbox.records import Record
from connectors.systems.tryton.wire import decimal


def tamper(ledger: Ledger, value: Mapping[str, Any]) -> None:
    """
    ``move``: its number in the tables. ``do``: ``delete``, ``double``, or ``shift``, which adds
    ``by`` minor units to the debit of ``account`` and takes them from that of ``against``. Raises
    ValueError, KeyError.
    """
    move = ledger.table("account.move")[int(value["move"])]
    match value["do"]:
        case "delete":
            for line in move["lines"]:
                del ledger.table("account.move.line")[line]
            ledger.remove("account.move", move["id"])
        case "double":
            _double(ledger, move)
        case "shift":
            _add(ledger, move, value["account"], int(value["by"]))
            _add(ledger, move, value["against"], -int(value["by"]))
        case other:
            raise ValueError(f"There is no “{other}” here.")


def _double(ledger: Ledger, move: Record) -> None:
    lines = [dict(ledger.table("account.move.line")[line]) for line in sorted(move["lines"])]
    again = {name: move[name] for name in ("company", "journal", "period", "date", "description")}
    ledger.post([ledger.insert_move(again | {"lines": [["create", lines]]})])


def _add(ledger: Ledger, move: Record, code: str, by: int) -> None:
    """On the first line of the account, whichever side it is on."""
    accounts, lines = ledger.table("account.account"), ledger.table("account.move.line")
    held = next(
        lines[line] for line in sorted(move["lines"])
        if accounts[lines[line]["account"]]["code"] == code
    )  # fmt: skip
    scale = 10**chart.DIGITS
    net = int((amount(held["debit"]) - amount(held["credit"])) * scale) + by
    held["debit"] = decimal(max(net, 0), chart.DIGITS)
    held["credit"] = decimal(max(-net, 0), chart.DIGITS)

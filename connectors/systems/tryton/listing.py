"""Moves in a range of days, for reconciliation and control totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connectors.contract import Outcome, SnapshotRow
from connectors.systems.tryton import moves, wire
from connectors.systems.tryton.answers import Problem
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.wire import Tryton

PAGE: Final = 500


async def page(
    tryton: Tryton, library: Library, kind: str, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """
    One page by ascending id, so that moves made meanwhile come later instead of being skipped.

    ``amount`` is the sum of the debits. Raises Problem.
    """
    if kind != "journal":
        raise Problem(Outcome.REFUSED, "refused", f"Tryton lists no “{kind}” here.")
    domain: list[Any] = [
        ["company", "in", list(library.books)],
        ["date", ">=", wire.date(start)],
        ["date", "<=", wire.date(end)],
    ]
    if cursor:
        domain.append(["id", ">", int(cursor)])
    rows = await tryton.search(
        "account.move",
        domain,
        ["company", "description", "state", "date", "lines.debit"],
        order=[["id", "ASC"]],
        limit=PAGE,
    )
    found = []
    for row in rows:
        books = library.books[row["company"]]
        debits = [wire.minor(line["debit"], books.digits) for line in row["lines."] or ()]
        key = moves.key_of(row)
        found.append(
            SnapshotRow(
                kind=kind,
                external_id=str(row["id"]),
                key=key if key.startswith(moves.OURS) else "",
                currency=books.currency,
                amount=sum(debit or 0 for debit in debits),
                dated=wire.iso(row["date"]),
                state=str(row["state"]),
            )
        )
    return found, str(rows[-1]["id"]) if len(rows) == PAGE else ""

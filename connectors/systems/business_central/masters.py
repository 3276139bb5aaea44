"""
Customers, accounts and periods of Business Central as rows of a list: all of them, whatever the
days. No money stands in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from connectors.contract import SnapshotRow
from connectors.systems.business_central import wire
from connectors.systems.business_central.books import Books
from connectors.systems.business_central.wire import Row


def customer(row: Row, books: Books) -> SnapshotRow:
    """``key`` is the number, which is our id in upper case."""
    changed = wire.text(row, "lastModifiedDateTime")
    number = wire.text(row, "number")
    return SnapshotRow(
        kind="customer",
        external_id=f"customer:{wire.text(row, 'id')}",
        key=number,
        currency="",
        amount=0,
        dated=changed[:10],
        state="active" if str(row.get("blocked") or "").strip() in ("", "_x0020_") else "blocked",
        number=number,
        party=str(row.get("displayName") or ""),
        entity=books.entity,
        at=changed,
    )


def accounts(rows: Sequence[Row], books: Books) -> list[SnapshotRow]:
    """Those that can be posted to, without headings and totals."""
    return [
        SnapshotRow(
            kind="account",
            external_id=f"account:{books.entity}:{wire.text(row, 'number')}",
            key=wire.text(row, "number"),
            currency="",
            amount=0,
            dated=wire.text(row, "lastModifiedDateTime")[:10],
            state="blocked" if row.get("blocked") else "open",
            number=wire.text(row, "number"),
            reference=str(row.get("displayName") or ""),
            group_key=str(row.get("category") or "").strip(),
            entity=books.entity,
        )
        for row in rows
        if row.get("accountType") == "Posting"
    ]


def periods(rows: Sequence[Row], books: Books) -> list[SnapshotRow]:
    """
    Closing one in Business Central only ends a year; what keeps postings out are the dates that
    the set-up allows, so that both make a period ``closed``.
    """
    found = []
    starts = [wire.text(row, "startingDate") for row in rows]
    for row, first, following in zip(rows, starts, [*starts[1:], ""], strict=True):
        after = following or f"{date.fromisoformat(first) + timedelta(days=32):%Y-%m-01}"
        last = (date.fromisoformat(after) - timedelta(days=1)).isoformat()
        allowed = (not books.first or books.first <= last) and (
            not books.last or first <= books.last
        )
        found.append(
            SnapshotRow(
                kind="period",
                external_id=f"period:{books.entity}:{first}",
                key=first[:7],
                currency="",
                amount=0,
                dated=first,
                state="open" if allowed and not row.get("closed") else "closed",
                number=str(row.get("name") or first[:7]),
                entity=books.entity,
            )
        )
    return found

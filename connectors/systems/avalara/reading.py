"""Transactions that changed, for events, and those of a range of days, for reconciliation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Page, PayloadUnreadable, Settings, SnapshotRow
from connectors.manifest import Manifest
from connectors.systems.avalara import listing, told, wire
from connectors.systems.avalara.answers import AvaTax
from connectors.systems.avalara.wire import Json
from revops.kernel.clock import now

_SUMMARY = "SummaryOnly"


async def poll(tax: AvaTax, manifest: Manifest, *, cursor: str) -> Page:
    """
    One page of one company; the cursor holds each company's place. Raises Problem, or
    PayloadUnreadable for a foreign cursor.
    """
    places = _read(cursor)
    companies = list(dict.fromkeys(tax.companies.values()))
    first = (now() - timedelta(seconds=manifest.first_lookback_s)).isoformat()
    turn = places.pop("", 0)
    company = companies[turn % len(companies)] if companies else ""
    if not company:
        return Page((), cursor, more=False)
    since, newest, skip = places.get(company, [first, "", 0])
    stamp = _stamp(since)
    rows, more = await listing.page(
        tax, company, where=f"modifiedDate ge '{stamp}' and {listing.EVER}",
        order="modifiedDate ASC", skip=skip, include=_SUMMARY,
    )  # fmt: skip
    seen = [wire.instant(row.get("modifiedDate"), field="modifiedDate").isoformat() for row in rows]
    newest = max([newest, *seen])
    if more:
        places[company] = [since, newest, skip + len(rows)]
    else:
        places[company] = [_after(since, newest, manifest.poll_overlap_s), "", 0]
        turn += 1
    last = not more and turn >= len(companies)
    places[""] = 0 if last else turn
    return Page(
        bodies=tuple(told.body(company, row) for row in rows if row.get("type") in listing.TYPES),
        cursor=json.dumps(places),
        more=not last,
    )


def _stamp(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _after(since: str, newest: str, overlap_s: int) -> str:
    """Where the next window begins: it never goes back."""
    if not newest:
        return since
    again = datetime.fromisoformat(newest) - timedelta(seconds=overlap_s)
    return max(again, datetime.fromisoformat(since)).isoformat()


def _read(cursor: str) -> dict[str, Any]:
    try:
        found = json.loads(cursor) if cursor else {}
        for company, place in found.items():
            if company:
                since, newest, skip = place
                datetime.fromisoformat(since)
                found[company] = [since, str(newest), int(skip)]
        return dict(found)
    except (ValueError, TypeError, AttributeError) as error:
        raise PayloadUnreadable("The poll's cursor cannot be read.") from error


async def snapshot(
    tax: AvaTax, settings: Settings, *, kind: str, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """
    ``tax``: invoices and returns by their date, with the tax that was recorded. Raises Problem,
    ValueError for an unknown kind.
    """
    if kind != "tax":
        raise ValueError(f"AvaTax lists tax, not “{kind}”.")
    companies = [(mine, theirs) for mine, theirs in tax.companies.items()]
    turn, skip = json.loads(cursor) if cursor else (0, 0)
    if turn >= len(companies):
        return [], ""
    entity, company = companies[turn]
    where = f"date ge '{start}' and date le '{end}'"
    rows, more = await listing.page(tax, company, where=where, order="id ASC", skip=skip)
    following = [turn, skip + len(rows)] if more else [turn + 1, 0]
    told_of = [_row(row, entity) for row in rows if row.get("type") in listing.TYPES]
    done = not more and turn + 1 >= len(companies)
    return told_of, "" if done else json.dumps(following)


def _row(row: Json, entity: str) -> SnapshotRow:
    code = wire.currency(row.get("currencyCode"))
    identity = wire.text(row.get("code"), 120)
    if not identity:
        raise PayloadUnreadable("A listed transaction has no code.")
    return SnapshotRow(
        kind="tax",
        external_id=f"{wire.text(row.get('type'))}:{identity}",
        key=wire.text(row.get("referenceCode"), 120) or identity,
        currency=code,
        amount=wire.minor(row.get("totalTax"), code, field="totalTax"),
        dated=wire.day(row.get("date"), field="date").isoformat(),
        state=wire.text(row.get("status"), 24).lower(),
        number=identity,
        reference=wire.text(row.get("description"), 240),
        party=wire.text(row.get("customerCode"), 240),
        entity=entity,
    )

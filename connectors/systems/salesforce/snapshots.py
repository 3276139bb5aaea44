"""What Salesforce holds for a range of days, for reconciliation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from connectors.contract import SnapshotRow
from connectors.systems.salesforce import agreements, lines, reading, wire
from connectors.systems.salesforce.polling import literal
from connectors.systems.salesforce.sales import currency_of
from connectors.systems.salesforce.session import Org
from connectors.systems.salesforce.wire import Json
from revops.kernel.clock import local_date

PAGE: Final = 500
KINDS: Final = {
    "account": reading.ACCOUNT,
    "opportunity": reading.OPPORTUNITY,
    "contract": reading.CONTRACT,
}


async def page(
    org: Org, zone: str, *, kind: str, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """
    Accounts dated by the day on which they were made (no amount), opportunities by their close
    date, contracts by their first day with what their orders come to. Deleted ones are left out.

    Raises Problem, PayloadUnreadable, ValueError for an unknown kind or cursor.
    """
    if kind not in KINDS:
        raise ValueError(f"Salesforce lists {', '.join(KINDS)}, not “{kind}”.")
    if cursor and not wire.is_id(cursor):
        raise ValueError("The snapshot's cursor cannot be read.")
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    where = ["IsDeleted = false", *_dated(org, kind, first, last, zone)]
    where += [f"Id > '{cursor}'"] if cursor else []
    rest = f"WHERE {' AND '.join(where)} ORDER BY Id ASC LIMIT {PAGE}"
    listed = await reading.found(org, KINDS[kind], rest)
    if kind == "contract":
        whole = await reading.with_orders(org, listed)
        rows = [_contract(record, org) for record in whole]
    elif kind == "opportunity":
        rows = [_opportunity(record, org) for record in listed]
    else:
        rows = [_account(record, org, zone) for record in listed]
    return rows, wire.text(listed[-1].get("Id")) if len(listed) == PAGE else ""


def _dated(org: Org, kind: str, first: date, last: date, zone: str) -> list[str]:
    if kind == "account":
        lower, upper = _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
        return [f"CreatedDate >= {literal(lower)}", f"CreatedDate < {literal(upper)}"]
    name = ("opportunity_fields", "closes_on") if kind == "opportunity" else _STARTS
    field = org.layout.get(*name)
    return [f"{field} >= {first.isoformat()}", f"{field} <= {last.isoformat()}"]


_STARTS: Final = ("contract_fields", "starts_on")


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone))


def _account(record: Json, org: Org, zone: str) -> SnapshotRow:
    """No money: ``reference`` is the tax id, where the layout names its field."""
    identity = wire.text(record.get("Id"))
    made = wire.instant(record.get("CreatedDate"), field="CreatedDate")
    return SnapshotRow(
        kind="account",
        external_id=identity,
        key=identity,
        currency=wire.text(record.get("CurrencyIsoCode"), 3) if org.layout.multi_currency else "",
        amount=0,
        dated=local_date(made, zone).isoformat(),
        state="active",
        reference=_field(record, org, "account_fields", "tax_id"),
        party=_field(record, org, "account_fields", "name"),
        entity=_field(record, org, "account_fields", "legal_entity"),
    )


def _opportunity(record: Json, org: Org) -> SnapshotRow:
    identity, code = wire.text(record.get("Id")), currency_of(record, org.layout)
    amount = wire.at(record, org.layout.get("opportunity_fields", "amount"))
    state = "open"
    if record.get("IsClosed") is True:
        state = "won" if record.get("IsWon") is True else "lost"
    return SnapshotRow(
        kind="opportunity",
        external_id=identity,
        key=identity,
        currency=code,
        amount=0 if amount is None else wire.minor(amount, code, field="Amount"),
        dated=wire.text(wire.at(record, org.layout.get("opportunity_fields", "closes_on")), 10),
        state=state,
        number=_field(record, org, "opportunity_fields", "name")[:120],
        entity=_field(record, org, "opportunity_fields", "legal_entity"),
    )


def _contract(record: Json, org: Org) -> SnapshotRow:
    identity, code = wire.text(record.get("Id")), currency_of(record, org.layout)
    layout = org.layout
    return SnapshotRow(
        kind="contract",
        external_id=identity,
        key=identity,
        currency=code,
        amount=lines.total(agreements.sold(record, layout, code)),
        dated=wire.text(wire.at(record, layout.get(*_STARTS)), 10),
        state=wire.text(wire.at(record, layout.get("contract_fields", "status"))).casefold(),
        number=_field(record, org, "contract_fields", "number")[:120],
        entity=_field(record, org, "contract_fields", "legal_entity"),
    )


def _field(record: Json, org: Org, kind: str, name: str) -> str:
    """A text by our name for it; empty where the connection leaves the field out."""
    theirs = org.layout.get(kind, name)
    return wire.text(wire.at(record, theirs), 240) if theirs else ""

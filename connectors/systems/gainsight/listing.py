"""What Gainsight holds: companies for reconciliation, and whether a connection can work at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from connectors.bodies import text
from connectors.contract import CallFailed, Outcome, PayloadUnreadable, ProbeStep, SnapshotRow
from connectors.problem import Problem
from connectors.systems.gainsight import told
from connectors.systems.gainsight.answers import Json
from connectors.systems.gainsight.names import COMPANY, DIGEST, KEY, VERSION, Names
from connectors.systems.gainsight.wire import Gainsight, Where, stamp
from revops.kernel.clock import local_date

PAGE: Final = 1000
_OWN: Final = ("Company__gc", KEY, DIGEST, VERSION)
_ENTITLEMENT: Final = (
    "Entitlement_Id__gc", "Feature__gc", "Quantity__gc", "Used__gc", "Unit__gc", "Starts_On__gc",
    "Ends_On__gc", "State__gc", *_OWN,
)  # fmt: skip
_SIGNAL: Final = (
    "Signal_Id__gc", "Kind__gc", "Amount__gc", "Currency__gc", "Happened_On__gc", "Document__gc",
    "Detail__gc", *_OWN,
)  # fmt: skip


async def companies(
    tenant: Gainsight, names: Names, *, kind: str, start: str, end: str, cursor: str, zone: str
) -> tuple[Sequence[SnapshotRow], str]:
    """Made start…end, days of the zone. Raises Problem, CallFailed, ValueError for other kinds."""
    if kind != "company":
        raise ValueError(f"Gainsight lists company, not “{kind}”.")
    where = [
        Where("CreatedDate", "GTE", [stamp(_midnight(date.fromisoformat(start), zone))]),
        Where("CreatedDate", "LT", [stamp(_midnight(_next(date.fromisoformat(end)), zone))]),
        *([Where("Gsid", "GT", [cursor])] if cursor else []),
    ]
    fields = ["Gsid", "Name", "CreatedDate", names.currency_field]
    rows = await tenant.read(
        COMPANY, [name for name in fields if name], where, order=("Gsid", "asc"), limit=PAGE
    )
    try:
        found = [_row(row, names, zone) for row in rows]
    except PayloadUnreadable as error:
        raise CallFailed(Outcome.TRANSIENT, f"A company cannot be read: {error}") from error
    return found, found[-1].external_id if len(found) == PAGE else ""


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone))


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _row(row: Json, names: Names, zone: str) -> SnapshotRow:
    """No money, and known by Gainsight's own id, as our record of it is."""
    identity = text(row.get("Gsid"), 120)
    if not identity:
        raise PayloadUnreadable("it has no Gsid.")
    made = told.instant(row.get("CreatedDate"), field="CreatedDate")
    return SnapshotRow(
        kind="company",
        external_id=identity,
        key=identity,
        currency=text(row.get(names.currency_field), 3) if names.currency_field else "",
        amount=0,
        dated=local_date(made, zone).isoformat(),
        state="active",
        party=text(row.get("Name"), 240),
    )


async def probe(tenant: Gainsight, names: Names) -> Sequence[ProbeStep]:
    """Reads only. Never raises for what Gainsight or the network can do."""
    steps: list[ProbeStep] = []
    label = "Sign in and read companies"
    try:
        newest = await tenant.read(
            COMPANY, ["Gsid", "Name", "ModifiedDate"], order=("ModifiedDate", "desc"), limit=1
        )
    except Problem as problem:
        return [ProbeStep(label, passed=False, detail=problem.reason)]
    said = f"The last one that changed is {newest[0].get('Name')}." if newest else "There is none."
    steps.append(ProbeStep(label, passed=True, detail=said))
    wanted: list[tuple[str, Sequence[str]]] = [
        (COMPANY, [*names.company_read, *names.company_written]),
        (names.entitlement_object, _ENTITLEMENT),
        (names.signal_object, _SIGNAL),
    ]
    if names.milestone_object:
        wanted.append((names.milestone_object, names.milestone_read))
    for name, fields in wanted:
        steps.append(await _fields(tenant, name, fields))
    if newest:
        steps.append(await _zone(tenant, newest[0]))
    return steps


async def _fields(tenant: Gainsight, name: str, wanted: Sequence[str]) -> ProbeStep:
    label = f"Find {name} and its fields"
    try:
        known = {field.casefold() for field in await tenant.fields_of(name)}
    except Problem as problem:
        return ProbeStep(label, passed=False, detail=problem.reason)
    # Of a path through a lookup only its first step is a field of this object.
    asked = {field.partition("__gr.")[0] for field in wanted}
    missing = sorted(
        field for field in asked if not {field.casefold(), f"{field}__gc".casefold()} & known
    )
    if missing:
        return ProbeStep(label, passed=False, detail=f"Missing there: {', '.join(missing)}.")
    return ProbeStep(label, passed=True, detail=f"All {len(asked)} fields are there.")


async def _zone(tenant: Gainsight, row: Json) -> ProbeStep:
    """
    Which zone filters are read in is not documented; polling relies on UTC. A record has to be
    found by its own second.
    """
    label = "Filter by time in UTC"
    try:
        moment = told.instant(row.get("ModifiedDate"), field="ModifiedDate").replace(microsecond=0)
        found = await tenant.read(
            COMPANY,
            ["Gsid"],
            [
                Where("ModifiedDate", "GTE", [stamp(moment)]),
                Where("ModifiedDate", "LT", [stamp(moment + timedelta(seconds=1))]),
                Where("Gsid", "EQ", [row.get("Gsid")]),
            ],
        )
    except (Problem, PayloadUnreadable) as error:
        return ProbeStep(label, passed=False, detail=str(error))
    if not found:
        reason = "A company was not found by the time of its own change: filters use another zone."
        return ProbeStep(label, passed=False, detail=reason)
    return ProbeStep(label, passed=True, detail="A company was found by its own second.")

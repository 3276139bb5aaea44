"""What Gainsight holds: companies for reconciliation, and whether a connection can work at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from connectors.contract import CallFailed, Outcome, PayloadUnreadable, ProbeStep, SnapshotRow
from connectors.problem import Problem
from connectors.systems.gainsight import told
from connectors.systems.gainsight.answers import Json
from connectors.systems.gainsight.names import COMPANY, DIGEST, KEY, VERSION, Names
from connectors.systems.gainsight.wire import Gainsight, Where, stamp

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
    tenant: Gainsight, names: Names, *, kind: str, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """Raises Problem, CallFailed, or ValueError for another kind."""
    if kind != "company":
        raise ValueError(f"Gainsight lists company, not “{kind}”.")
    first = datetime.combine(date.fromisoformat(start), time(), tzinfo=UTC)
    last = datetime.combine(date.fromisoformat(end), time(), tzinfo=UTC) + timedelta(days=1)
    where = [
        Where("CreatedDate", "GTE", [stamp(first)]),
        Where("CreatedDate", "LT", [stamp(last)]),
        *([Where("Gsid", "GT", [cursor])] if cursor else []),
    ]
    fields = ["Gsid", "Name", "CreatedDate", names.customer_field, names.arr_field]
    fields += [names.currency_field] if names.currency_field else []
    rows = await tenant.read(
        COMPANY, [name for name in fields if name], where, order=("Gsid", "asc"), limit=PAGE
    )
    try:
        found = [_row(row, names) for row in rows]
    except PayloadUnreadable as error:
        raise CallFailed(Outcome.TRANSIENT, f"A company cannot be read: {error}") from error
    return found, found[-1].external_id if len(found) == PAGE else ""


def _row(row: Json, names: Names) -> SnapshotRow:
    code = told.text(row.get(names.currency_field), 3) if names.currency_field else ""
    code = code or names.currency
    revenue = row.get(names.arr_field) if names.arr_field else None
    return SnapshotRow(
        kind="company",
        external_id=told.text(row.get("Gsid"), 120),
        key=told.text(row.get(names.customer_field), 120),
        currency=code,
        amount=0 if revenue in (None, "") else told.minor(revenue, code),
        dated=told.instant(row.get("CreatedDate"), field="CreatedDate").date().isoformat(),
        state="",
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

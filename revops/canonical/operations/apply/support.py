"""
Cases of the support desk: each event carries the case, and one day that only it knows. Of a
resolution and a reopening the one of the newer version counts, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from revops.canonical.models import SupportCaseState
from revops.canonical.operations.change import Change, Telling
from revops.canonical.operations.rows import SupportCaseRow
from revops.canonical.operations.tables import Applier, Tables
from revops.canonical.operations.writing import fact, put
from revops.contracts.support import (
    SlaBreached,
    SupportCaseEscalated,
    SupportCaseReopened,
    SupportCaseResolved,
)

_RANK: Final = {
    "support_case.opened/1": 0,
    "sla.breached/1": 1,
    "support_case.escalated/1": 2,
    "support_case.reopened/1": 3,
    "support_case.resolved/1": 4,
}


def case(tables: Tables, data: Any, told: Telling) -> Change:
    table = tables.support_case
    row = table.get(data.case_id)
    fields = {
        "customer_ref": data.customer_ref,
        "invoice_ref": data.invoice_ref,
        "title": data.title,
        "severity": data.severity,
        "status": data.status,
        "opened_on": data.opened_on,
    }
    if row is None:
        fields["state"] = SupportCaseState.OPEN.value
    change = put(table, row, data.case_id, fields, _RANK[data.contract], told)
    row = table.get(data.case_id)
    assert row is not None
    alone = _alone(data, row, told.version)
    if isinstance(data, SupportCaseResolved):
        table.advance(row, resolved_version=max(told.version, row.resolved_version))
    elif isinstance(data, SupportCaseReopened):
        table.advance(row, reopened_version=max(told.version, row.reopened_version))
    if row.reopened_version > row.resolved_version:
        alone |= {"resolved_on": None, "resolution": ""}
    resolved = alone.get("resolved_on", row.resolved_on)
    escalated = alone.get("escalated_on", row.escalated_on)
    alone["state"] = (
        SupportCaseState.RESOLVED
        if resolved
        else SupportCaseState.ESCALATED
        if escalated
        else SupportCaseState.OPEN
    ).value
    return fact(change, table, row, told, **alone)


def _alone(data: Any, row: SupportCaseRow, version: int) -> dict[str, Any]:
    """The day that only this event knows; of two, the later one, or that of the newer version."""
    if isinstance(data, SupportCaseEscalated):
        return {"escalated_on": max(data.escalated_on, row.escalated_on or data.escalated_on)}
    if isinstance(data, SupportCaseResolved):
        said = (data.resolved_on, data.resolution)
        known = (row.resolved_on or data.resolved_on, row.resolution)
        if version <= row.resolved_version:
            said = known if version < row.resolved_version else max(said, known)
        return {"resolved_on": said[0], "resolution": said[1]}
    if isinstance(data, SupportCaseReopened):
        return {"reopened_on": max(data.reopened_on, row.reopened_on or data.reopened_on)}
    if isinstance(data, SlaBreached):
        before = (row.breached_on or data.breached_on, row.promise)
        day, promise = max((data.breached_on, data.promise), before)
        return {"breached_on": day, "promise": promise}
    return {}


APPLY: Final[Mapping[str, Applier]] = dict.fromkeys(_RANK, case)

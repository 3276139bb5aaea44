"""Cases of the support desk: each event carries the case, and one day that only it knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from revops.canonical.models import SupportCaseState
from revops.canonical.operations.change import Change, Telling
from revops.canonical.operations.rows import SupportCaseRow
from revops.canonical.operations.tables import Applier, Tables
from revops.canonical.operations.writing import fact, put
from revops.contracts.support import SlaBreached, SupportCaseEscalated, SupportCaseResolved

_RANK: Final = {
    "support_case.opened/1": 0,
    "sla.breached/1": 1,
    "support_case.escalated/1": 2,
    "support_case.resolved/1": 3,
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
    alone = _alone(data, row)
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


def _alone(data: Any, row: SupportCaseRow) -> dict[str, Any]:
    """The day that only this event knows; of two, the later one."""
    if isinstance(data, SupportCaseEscalated):
        return {"escalated_on": max(data.escalated_on, row.escalated_on or data.escalated_on)}
    if isinstance(data, SupportCaseResolved):
        known = (row.resolved_on or data.resolved_on, row.resolution)
        day, text = max((data.resolved_on, data.resolution), known)
        return {"resolved_on": day, "resolution": text}
    if isinstance(data, SlaBreached):
        before = (row.breached_on or data.breached_on, row.promise)
        day, promise = max((data.breached_on, data.promise), before)
        return {"breached_on": day, "promise": promise}
    return {}


APPLY: Final[Mapping[str, Applier]] = dict.fromkeys(_RANK, case)

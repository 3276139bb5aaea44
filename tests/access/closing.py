"""Rows of ``expected`` about the close, and what a side has of it."""

from __future__ import annotations

from datetime import date
from typing import Final

from revops.close.models import (
    CloseCalendar,
    LateChoice,
    LatePolicy,
    PeriodSignOff,
    ReadinessSample,
    Task,
    TaskMove,
    TaskTemplate,
    Waiver,
)
from revops.kernel import clock
from tests.access.sides import Side

#                                                               fin mgr rev sup adm aud nobody
PERSONS: Final = """\
GET  /close/                                               own   200 200 200 403 403 200 403
POST /close/close.csv                                      own   200 200 200 403 403 200 403
GET  /close/trends/                                        own   200 200 200 403 403 200 403
POST /close/trends/trends.csv                              own   200 200 200 403 403 200 403
GET  /close/settings/                                      own   200 200 200 403 403 200 403
POST /close/settings/<slug:what>                           own   403 302 403 403 403 403 403
POST /close/settings/<slug:what>                           other 403 422 403 403 403 403 403
GET  /close/<slug:period>/<slug:entity>/                   own   200 200 200 403 403 200 403
GET  /close/<slug:period>/<slug:entity>/                   other 404 404 404 403 403 404 403
POST /close/<slug:period>/<slug:entity>/sign               own   422 403 403 403 403 403 403
POST /close/<slug:period>/<slug:entity>/sign               other 404 404 404 403 403 404 403
POST /close/<slug:period>/<slug:entity>/tasks              own   302 403 403 403 403 403 403
POST /close/<slug:period>/<slug:entity>/tasks              other 404 403 403 403 403 403 403
POST /close/<slug:period>/<slug:entity>/tasks/<int:number> own   302 403 403 403 403 403 403
POST /close/<slug:period>/<slug:entity>/tasks/<int:number> other 404 404 404 403 403 404 403
POST /close/<slug:period>/<slug:entity>/waive              own   422 403 403 403 403 403 403
POST /close/<slug:period>/<slug:entity>/waive              other 404 403 403 403 403 403 403
POST /close/<slug:period>/<slug:entity>/late               own   422 422 403 403 403 403 403
POST /close/<slug:period>/<slug:entity>/late               other 404 404 403 403 403 403 403
POST /close/<slug:period>/<slug:entity>/reopen             own   422 422 403 403 403 403 403
POST /close/<slug:period>/<slug:entity>/reopen             other 404 404 403 403 403 403 403
"""


def close(side: Side) -> None:
    """A close that is under way: a task, a name that was suspended, a waiver, a sample."""
    code, now = side.period.code, clock.now()
    common = {"legal_entity": side.entity, "period_code": code}
    by = side.colleague
    CloseCalendar.objects.create(legal_entity=side.entity, changed_by=by, changed_at=now)
    LatePolicy.objects.create(
        legal_entity=side.entity, way="next_open", changed_by=by, changed_at=now
    )
    template = TaskTemplate.objects.create(
        slug=f"read-{side.mark}", legal_entity=side.entity, title=f"Read {side.name}",
        area="revenue", made_by=by, made_at=now,
    )  # fmt: skip
    side.made["task"] = task = Task.objects.create(
        template=template, title=template.title, area="revenue", due_on=date(2026, 11, 3),
        changed_at=now, **common,
    )  # fmt: skip
    TaskMove.objects.create(task=task, to="open", by=by, at=now, note=f"Back from {side.name}")
    PeriodSignOff.objects.create(
        role="preparer", by=by, at=now, evidence="0" * 64, suspended_at=now,
        suspended_why=f"Books of {side.name} changed.", **common,
    )  # fmt: skip
    Waiver.objects.create(
        test="posted", open=1, money={"USD": side.amount}, reason=f"Known to {side.name}",
        approval=1, asked_by=by, at=now, **common,
    )  # fmt: skip
    LateChoice.objects.create(
        case=side.case, way="next_open", proposed="next_open", reason=f"Said by {side.name}",
        by=by, at=now, **common,
    )  # fmt: skip
    ReadinessSample.objects.create(
        at=now.replace(minute=0, second=0, microsecond=0), area="tax", state="blocked", open=1,
        money={"USD": side.amount}, **common,
    )  # fmt: skip

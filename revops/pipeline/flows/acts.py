"""What a person may do with a run."""

from __future__ import annotations

from functools import partial
from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.pipeline import wake
from revops.pipeline.flows.catalogue import flows
from revops.pipeline.flows.undo import CannotUndo, undo
from revops.store import sql

_SHORTEST: Final = 10
_DONE: Final = """
SELECT run.flow, step.step FROM pipeline_steprun step JOIN pipeline_flowrun run
    ON run.id = step.run_id
WHERE run.id = %s AND step.state IN ('queued', 'done') ORDER BY step.position
"""


@recorded
def compensate(run_id: int, *, by: User, reason: str) -> None:
    """
    Take back what a run did. Raises NotAllowed for a person without the right, CannotUndo when the
    run is being taken back already, the reason says nothing, or a step of it that was done is taken
    back by somebody else's yes alone.
    """
    by = authorize(by, "flows.compensate")
    said = " ".join(reason.split())
    if len(said) < _SHORTEST:
        raise CannotUndo("Say why it is taken back, in a sentence.")
    decided = _decided_elsewhere(run_id)
    if decided:
        raise CannotUndo(decided)
    with sql.atomic():
        why = f"{by.name}: {said[:500]}"
        for connection_id in undo(run_id, why=why, at=clock.now()):
            transaction.on_commit(partial(wake.delivery, connection_id), robust=True)
        record("flows.compensate", by=actor_of(by), kind="flow", reference=str(run_id), reason=said)


def _decided_elsewhere(run_id: int) -> str:
    """Where taking back this run is decided; blank when whoever has the right may do it here."""
    for row in sql.rows(_DONE, (run_id,)):
        back = flows()[row.flow].step(row.step).undo
        if back is not None and back.decided:
            return back.decided
    return ""

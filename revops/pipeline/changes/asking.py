"""Previewing a change set, and sending it to whoever decides."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.mappings.kinds import get
from revops.mappings.models import ChangeSet, SetState
from revops.mappings.operations import sets
from revops.pipeline.changes.impact import impact_of
from revops.pipeline.changes.subject import SLUG, content_of

_LONGEST: Final = 1_000


@recorded
def preview(*, set_id: int, by: User) -> ChangeSet:
    """
    See what a draft would do to what waits, and keep it with the set. Nothing else is written.

    Raises NotAllowed, and SetRefused when a row of it no longer makes sense.
    """
    with transaction.atomic():
        held = sets.editable(set_id, by)
        authorize(by, "mappings.propose", entities=held.entities)
        _look(held)
        record(
            "maps.previewed", by=actor_of(by), kind="change set", reference=str(held),
            label=get(held.kind).label,
            after={name: held.preview[name] for name in ("cases", "clears", "posted", "coming")},
        )  # fmt: skip
    return held


@recorded
def send(*, set_id: int, by: User, reason: str) -> ApprovalRequest:
    """
    Ask somebody else to put it into force. It is previewed anew, and what was seen is frozen into
    what they decide. A set that was sent back is asked for again as a new version.

    Raises NotAllowed, SetRefused, ApprovalRefused and CannotApply.
    """
    words = reason.replace("\x00", "").strip()[:_LONGEST]
    if not words:
        raise sets.SetRefused("Say why, for the one who decides.")
    with transaction.atomic():
        held = sets.editable(set_id, by)
        authorize(by, "mappings.propose", entities=held.entities)
        if not held.rows.exists():
            raise sets.SetRefused(f"{held} has no rows.")
        again = held.approval if held.state == SetState.SENT_BACK else None
        held.reason = words
        _look(held)
        held.state, held.sent_at = SetState.WAITING, clock.now()
        held.save()
        content = content_of(held)
        if again is not None:
            before = ApprovalRequest.objects.get(pk=again)
            asked = approvals.amend(
                request_id=again, content=content, by=by, seen=before.sha256, note=words
            )
        else:
            entity = held.entities[0] if len(held.entities) == 1 else ""
            asked = approvals.ask(
                subject=SLUG, subject_id=held.pk, content=content, by=by, entity=entity, note=words
            )
        # A policy that asks nobody has put it into force already.
        ChangeSet.objects.filter(pk=held.pk).update(approval=asked.pk)
        record(
            "maps.sent", by=actor_of(by), kind="change set", reference=str(held),
            label=get(held.kind).label, reason=words, after={"approval": str(asked)},
        )  # fmt: skip
    return asked


def _look(held: ChangeSet) -> None:
    checked = sets.looked_at(held)
    if not checked.good:
        told = next(one for one in checked.problems if one)
        raise sets.SetRefused(f"The maps have changed: {next(iter(told.values()))}", checked)
    held.preview, held.previewed_at = impact_of(held), clock.now()
    held.save()

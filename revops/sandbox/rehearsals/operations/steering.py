"""What a person does with a rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel import clock
from revops.sandbox.company import ERP, STRIPE
from revops.sandbox.rehearsals import catalogue, doors, queries
from revops.sandbox.rehearsals.models import LIVE, Drill, Rehearsal, RehearsalState
from revops.sandbox.rehearsals.operations.counting import conclude

_ACTION: Final = "rehearsals.run"


class RehearsalRefused(Exception):
    """It can't be done now; the message says why, for the person who asked."""


@recorded
def start(*, by: User, drills: Sequence[str]) -> Rehearsal:
    """
    Run the chosen drills, one after the other in the catalogue's order; a worker begins at once.

    Raises NotAllowed, and RehearsalRefused without a drill, while another one runs, or where a
    connection leads to no sandbox of this machine.
    """
    by = authorize(by, _ACTION, fresh=True)
    chosen = [one for one in catalogue.DRILLS if one.slug in drills]
    if not chosen:
        raise RehearsalRefused("Choose at least one drill.")
    problem = doors.why_not([STRIPE, ERP])
    if problem:
        raise RehearsalRefused(problem)
    now = clock.now()
    try:
        with transaction.atomic():
            made = Rehearsal.objects.create(
                by=by, started_at=now, due_at=now, facts={"missed": queries.missed()}
            )
            Drill.objects.bulk_create(
                Drill(rehearsal=made, position=place, slug=one.slug)
                for place, one in enumerate(chosen)
            )
            titles = ", ".join(one.title for one in chosen)
            _record("start", made, by, drills=titles)
    except IntegrityError as error:
        running = queries.live()
        raise RehearsalRefused(f"{running or 'Another rehearsal'} runs already.") from error
    return made


@recorded
def stop(*, number: int, by: User) -> Rehearsal:
    """
    Begin no further drill; a worker mends what is broken, and counts.

    Raises NotAllowed and Rehearsal.DoesNotExist.
    """
    by = authorize(by, _ACTION, fresh=True)
    with transaction.atomic():
        held = Rehearsal.objects.select_for_update().get(pk=number)
        if held.state not in (RehearsalState.RUNNING, RehearsalState.SETTLING):
            nothing_to_record("it has ended, or is being stopped")
            return held
        held.state, held.due_at, held.tries = RehearsalState.STOPPING, clock.now(), 0
        # Whoever is at work on it by now has nothing to say any more.
        held.fence += 1
        held.note = f"Stopped by {by.name}."
        held.save(update_fields=["state", "due_at", "tries", "fence", "note"])
        _record("stop", held, by)
    return held


@recorded
def count_again(*, number: int, by: User) -> Rehearsal:
    """
    Ask both systems once more, after its end. Calls out before it writes.

    Raises NotAllowed, Rehearsal.DoesNotExist, and RehearsalRefused while it runs or when a sandbox
    does not answer.
    """
    by = authorize(by, _ACTION, fresh=True)
    known = Rehearsal.objects.get(pk=number)
    if known.state in LIVE:
        raise RehearsalRefused(f"{known} still runs, and counts by itself.")
    try:
        report = queries.count(known)
    except doors.NotPossible as problem:
        raise RehearsalRefused(str(problem)) from problem
    with transaction.atomic():
        held = Rehearsal.objects.select_for_update().get(pk=number)
        conclude(held, report, at=clock.now())
        held.save(update_fields=["counted"])
        _record("count", held, by, documents=report.documents, open=report.ends_in_all)
    return held


def _record(what: str, held: Rehearsal, by: User, **after: object) -> None:
    record(
        f"rehearsals.{what}", by=actor_of(by), kind="rehearsal", reference=str(held),
        label="Rehearsal", after=after,
    )  # fmt: skip

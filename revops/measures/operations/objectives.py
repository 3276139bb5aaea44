"""What people decide: how good is good enough, and what a person would take."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel import clock
from revops.measures.models import Assumption, Objective
from revops.measures.promises import ESTIMATES, PROMISES

_LONGEST: Final = 1_000


@recorded
@transaction.atomic
def change_objective(
    *, by: User, slug: str, target: int, within: int | None, days: int
) -> Objective:
    """
    Another target (hundredths of a percent), time or window for an objective. The past is measured
    by it from then on, too.

    Raises NotAllowed, and KeyError for an objective that there is not; the form has checked values.
    """
    by = authorize(by, "measures.change")
    promise = PROMISES[slug]
    found, _ = Objective.objects.select_for_update().get_or_create(
        slug=slug,
        defaults={"target": promise.target, "within": promise.within, "days": promise.days},
    )
    given: dict[str, Any] = {"target": target, "days": days}
    if promise.within is not None:
        given["within"] = within
    before = {name: getattr(found, name) for name in given}
    if before == given:
        nothing_to_record("it is the same objective")
        return found
    for name, value in given.items():
        setattr(found, name, value)
    found.changed_by, found.changed_at = by, clock.now()
    found.save()
    record(
        "measures.change", by=actor_of(by), kind="objective", reference=slug,
        label=promise.name, before=before, after=given,
    )  # fmt: skip
    return found


@recorded
@transaction.atomic
def assume(*, by: User, slug: str, seconds: int, note: str) -> Assumption:
    """Another number for what nobody measures. Raises NotAllowed, KeyError."""
    by = authorize(by, "measures.change")
    estimate = ESTIMATES[slug]
    found, _ = Assumption.objects.select_for_update().get_or_create(
        slug=slug, defaults={"seconds": estimate.seconds, "note": estimate.note}
    )
    words = note.replace("\x00", "").strip()[:_LONGEST]
    if (found.seconds, found.note) == (seconds, words):
        nothing_to_record("it is the same number")
        return found
    before = {"seconds": found.seconds}
    found.seconds, found.note = seconds, words
    found.changed_by, found.changed_at = by, clock.now()
    found.save()
    record(
        "measures.change", by=actor_of(by), kind="assumption", reference=slug,
        label=estimate.name, before=before, after={"seconds": seconds}, reason=words,
    )  # fmt: skip
    return found

"""Saying that rows which were suggested as one thing are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.kernel.keys import sha256
from revops.reconciliation.engine.suggesting import Place, place_of
from revops.reconciliation.models import Refusal, Run
from revops.reconciliation.operations.matching import ACTION, MatchRefused
from revops.reconciliation.queries import suggestions
from revops.reconciliation.queries.leftovers import id_of


@recorded
@transaction.atomic
def refuse(*, run: Run, left: Sequence[str], right: Sequence[str], by: User) -> Refusal:
    """
    Suggest these rows (tokens) together no more; it counts for the rule that did. Nothing keeps a
    person from matching them all the same.

    Raises NotAllowed, OutOfScope, MatchRefused when they are not suggested.
    """
    by = authorize(by, ACTION, entities=[run.legal_entity.code])
    place = place_of(map(id_of, left), map(id_of, right))
    found = suggestions.at(run, place)
    if found is None:
        raise MatchRefused(rows="It is not suggested any more: somebody matched or refused it.")
    made, _ = Refusal.objects.get_or_create(
        pair_id=run.pair_id, legal_entity_id=run.legal_entity_id, rows=_digest(place),
        defaults={
            "left": sorted(place[0]), "right": sorted(place[1]), "by": by, "at": clock.now(),
            "rule": suggestions.rule_of(run, found),
        },
    )  # fmt: skip
    record(
        "match.refused", by=actor_of(by), kind="match", reference=str(made),
        label=f"{len(left)} to {len(right)} of {run}", entity=run.legal_entity.code,
        after={"rule": found.rule, "score": found.score},
    )  # fmt: skip
    return made


_SIDES: Final = ("left", "right")


def _digest(place: Place) -> str:
    told: Iterable[str] = (
        f"{side}:{one}" for side, ids in zip(_SIDES, place, strict=True) for one in sorted(ids)
    )
    return sha256("\n".join(told))

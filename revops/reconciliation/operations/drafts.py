"""What somebody has picked and not matched yet: kept for them, and only for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from accounts.models import User
from accounts.queries import authorize
from revops.audit.operations import nothing_to_record, recorded
from revops.kernel import clock
from revops.reconciliation.models import Draft, Run
from revops.reconciliation.queries.leftovers import id_of

_MOST: Final = 200
_LONGEST: Final = 200


@recorded
def keep(*, run: Run, left: Sequence[str], right: Sequence[str], by: User) -> None:
    """
    Keep the picks (tokens of rows) as they are now; none forgets the draft. Raises NotAllowed,
    OutOfScope.
    """
    by = authorize(by, "reconciliation.run", entities=[run.legal_entity.code])
    kept = {"left": _clean(left), "right": _clean(right)}
    if not kept["left"] and not kept["right"]:
        forget(run, by)
    else:
        Draft.objects.update_or_create(
            user=by, pair_id=run.pair_id, legal_entity_id=run.legal_entity_id,
            period_code=run.period_code, defaults=kept | {"at": clock.now()},
        )  # fmt: skip
    nothing_to_record("picks change nothing until they are matched")


def forget(run: Run, user: User, *, gone: Collection[str] | None = None) -> None:
    """Drop the draft, or of it the rows that are ``gone`` (tokens)."""
    mine = of(run, user)
    if mine is None:
        return
    if gone is None:
        mine.delete()
        return
    ids = {id_of(token) for token in gone}
    mine.left = [token for token in mine.left if id_of(token) not in ids]
    mine.right = [token for token in mine.right if id_of(token) not in ids]
    mine.save(update_fields=["left", "right"])


def of(run: Run, user: User) -> Draft | None:
    """What somebody has picked for the run's pair, legal entity and period."""
    return Draft.objects.filter(
        user=user, pair_id=run.pair_id, legal_entity_id=run.legal_entity_id,
        period_code=run.period_code,
    ).first()  # fmt: skip


def _clean(tokens: Sequence[str]) -> list[str]:
    return [token for token in dict.fromkeys(tokens) if len(token) <= _LONGEST][:_MOST]

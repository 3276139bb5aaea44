"""A person asks for a run; a worker does it."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import record, recorded
from revops.mappings.models import LegalEntity
from revops.reconciliation.models import Pair
from revops.reconciliation.operations import runs
from revops.store import rows


@recorded
@transaction.atomic
def run(*, pair: Pair, entity: LegalEntity, period_code: str, by: User) -> None:
    """Compare everything anew, as soon as a worker is free. Raises NotAllowed, OutOfScope."""
    by = authorize(by, "reconciliation.run", entities=[entity.code])
    # Runs of all legal entities are numbered in one row.
    with rows.widened():
        runs.enqueue(
            pair_id=pair.pk, entity_id=entity.pk, period_code=period_code, full=True, by=by.name
        )
    record(
        "reconciliation.asked", by=actor_of(by), kind="reconciliation",
        reference=f"{pair.check_slug}/{entity.code}/{period_code}", entity=entity.code,
    )  # fmt: skip

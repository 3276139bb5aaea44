"""What a person does with usage."""

from __future__ import annotations

from datetime import date

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import record, recorded
from revops.store import sql
from revops.usage.models import Account
from revops.usage.operations.lines import Turn, close


@recorded
def rate_now(*, account: Account, day: date, by: User) -> Turn:
    """Rate the account's period that holds ``day`` for good, now. Raises NotAllowed."""
    by = authorize(by, "usage.close")
    with sql.atomic():
        turn = close([(account.subscription_id, account.meter)], day=day)
        entity = account.subscription.legal_entity
        record(
            "usage.close", by=actor_of(by), kind="usage account", reference=str(account.pk),
            label=account.meter, entity=entity.code if entity else "",
            after={"day": day, "lines": len(turn.published)},
        )  # fmt: skip
    return turn

"""Usage that nobody pays for yet, by what the source calls its customer and meter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from revops.store import sql

_GROUPS: Final = """
SELECT stream.connection_id, connection.slug, connection.label, stream.customer_ref,
    stream.subscription_ref, stream.meter, min(day.problem) AS problem,
    coalesce(sum(day.quantity), 0) AS quantity, coalesce(sum(day.records), 0)::bigint AS records,
    min(day.day) AS first_on, max(day.last_used_at) AS last_at
FROM (
    SELECT DISTINCT connection_id, customer_ref, subscription_ref, meter FROM usage_stream
    WHERE id = ANY(%s)
) AS touched
JOIN usage_stream stream USING (connection_id, customer_ref, subscription_ref, meter)
JOIN connectors_connection connection ON connection.id = stream.connection_id
LEFT JOIN usage_daytotal day ON day.stream_id = stream.id AND day.subscription_id IS NULL
GROUP BY 1, 2, 3, 4, 5, 6
"""


@dataclass(frozen=True, slots=True)
class Group:
    """One meter of one unknown customer; ``records`` 0 when it is matched by now."""

    connection_id: int
    slug: str
    label: str
    customer_ref: str
    subscription_ref: str
    meter: str
    problem: str | None
    quantity: Decimal
    records: int
    first_on: date | None
    last_at: datetime | None

    @property
    def identity(self) -> str:
        return f"{self.slug}:{self.customer_ref}:{self.subscription_ref}:{self.meter}"

    @property
    def who(self) -> str:
        if self.subscription_ref:
            return f"subscription {self.subscription_ref}"
        return f"customer {self.customer_ref}"


def groups_of(stream_ids: Sequence[int]) -> list[Group]:
    """The groups that these streams belong to, with all that is unmatched of each."""
    return [Group(*row) for row in sql.rows(_GROUPS, (list(stream_ids),))]

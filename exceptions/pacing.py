"""
How fast work from cases may reach the systems that keep the books: of what a target takes, most is
left to what comes in meanwhile. Events that are replayed and postings that are sent again keep to
the same share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from revops.jobs.models import Job
from revops.store import sql

SHARE_PERCENT: Final = 30
"""Of a target's rate."""

# The targets of the books that it may reach; what belongs to nobody yet may be of any. ``rate`` is
# calls a second.
_TARGETS: Final = """
SELECT DISTINCT gate.connection_id, connection.label, gate.rate
FROM mappings_erproute route
JOIN mappings_legalentity entity ON entity.id = route.legal_entity_id
JOIN delivery_gate gate ON gate.connection_id = route.connection_id
JOIN connectors_connection connection ON connection.id = gate.connection_id
WHERE gate.rate > 0 AND route.valid @> current_date
    AND (entity.code = ANY(%(codes)s) OR '' = ANY(%(codes)s) OR cardinality(%(codes)s::text[]) = 0)
ORDER BY gate.rate, connection.label
"""


def pace(job: Job) -> int | None:
    """Items a minute that its targets bear; each counts as one posting to every one of them."""
    found = targets(job.entities)
    return max(1, share(found[0].rate)) if found else None


def targets(codes: Sequence[str]) -> list[Any]:
    """Rows (connection_id, label, rate) of the targets that have a limit, the slowest first."""
    return sql.rows(_TARGETS, {"codes": list(codes)})


def share(rate: int) -> int:
    """Calls a minute, of a target that takes ``rate`` a second."""
    return rate * 60 * SHARE_PERCENT // 100

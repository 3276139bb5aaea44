"""
What happens to stored usage: count it, match it, rate it, tell, and look again for what changed.

Everything is found in the database, so any number of workers may do it at once, and one that dies
leaves what it had not committed to the others.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from exceptions import operations as cases
from revops.kernel import clock
from revops.pipeline.metering import findings
from revops.store import sql
from revops.usage.operations import counting, due, lines, partitions
from revops.usage.operations.lines import Turn
from revops.usage.queries.unmatched import groups_of

# Between two looks for changed facts, in seconds; and how far each look reaches back.
LOOK_EVERY: Final = 30
REACH: Final = 300

# Whoever moves the row looks; the others see that it is done.
_TAKE: Final = """
INSERT INTO pipeline_heartbeat (name, at) VALUES ('usage', now())
ON CONFLICT (name) DO UPDATE SET at = now()
WHERE pipeline_heartbeat.at < now() - %s * interval '1 second' RETURNING name
"""


def advance(*, seconds: float) -> int:
    """Count and rate what is due, for at most so long; how many batches and accounts it was."""
    until = time.monotonic() + seconds
    done = 0
    while True:
        counted = counting.count()
        if counted.unmatched:
            _report_unmatched(counted.unmatched)
        turn = lines.rate_due() if not counted.batches else Turn()
        _report(turn)
        done += counted.batches + turn.accounts
        if not (counted.batches or turn.accounts) or time.monotonic() >= until:
            return done


def look(*, every: float = LOOK_EVERY) -> bool:
    """Look for what time or others changed, unless somebody just did; whether it was done."""
    if sql.one(_TAKE, (every,)) is None:
        return False
    partitions.make_ahead()
    changed = counting.match_again(changed_within=REACH)
    if changed:
        _report_unmatched(changed)
    due.mark_changed()
    due.mark_over()
    return True


def sweep(*, seconds: float) -> None:
    look()
    advance(seconds=seconds)


def _report_unmatched(streams: Sequence[int]) -> None:
    now = clock.now()
    with sql.atomic():
        groups = groups_of(streams)
        cases.report([findings.unmatched(one) for one in groups if one.records], at=now)
        cases.settle(
            fingerprints=[findings.unmatched_fingerprint(one) for one in groups if not one.records],
            text="Somebody pays for it now, and it is rated.",
            at=now,
        )


def _report(turn: Turn) -> None:
    if not (turn.priced or turn.compared):
        return
    now = clock.now()
    amiss = [one for one in turn.priced if one.problem]
    stale = [one for one in turn.compared if one.rated != one.promised]
    with sql.atomic():
        cases.report([*map(findings.unpriced, amiss), *map(findings.stale, stale)], at=now)
        cases.settle(
            fingerprints=[
                findings.unpriced_fingerprint(one) for one in turn.priced if not one.problem
            ],
            text="It has a price now, and is rated.",
            at=now,
        )
        cases.settle(
            fingerprints=[
                findings.stale_fingerprint(one)
                for one in turn.compared
                if one.rated == one.promised
            ],
            text="Billing and the contract price it alike now; the difference is its own line.",
            at=now,
        )

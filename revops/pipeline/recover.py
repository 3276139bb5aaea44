"""
Recovery after the database came back older than the world (failover, restore to a point in time).

Everything that was touched since then is in doubt: it is asked about before anything is sent, and
sources are polled again from before that moment. Nothing is sent until the reads are done, because
UNKNOWN is never sent without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from connectors import registry
from connectors.manifest import Capability
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many commands are asked about, and how many sources are polled again."""

    doubted: int
    sources: int


_DOUBT = """
UPDATE delivery_outboundcommand AS command
SET state = 'unknown', fence = fence + 1, unknown_since = now(),
    next_at = greatest(settle_until, now() + %(settle)s * interval '1 second'),
    settle_until = greatest(settle_until, now() + %(settle)s * interval '1 second'),
    external_id = NULL, external_number = '', code = '',
    reason = 'Recovery: asked before anything is sent.'
WHERE state <> 'cancelled' AND (created_at >= %(since)s OR finished_at >= %(since)s OR EXISTS (
    SELECT 1 FROM delivery_attempt attempt
    WHERE attempt.command_id = command.id AND attempt.intent_at >= %(since)s))
"""
# What was enqueued and not sent in the lost time has no attempt left: it may have been sent too.
_LIVE = """
UPDATE delivery_outboundcommand SET state = 'unknown', fence = fence + 1, unknown_since = now(),
    next_at = now() + %(settle)s * interval '1 second',
    settle_until = now() + %(settle)s * interval '1 second',
    reason = 'Recovery: asked before anything is sent.'
WHERE state IN ('pending', 'claimed', 'sending', 'retry_wait')
"""
_POLL = """
UPDATE events_sourcecursor SET cursor = '', polled_at = NULL, next_at = now(), fence = fence + 1
"""


def recover(*, since: datetime) -> Recovered:
    """Start a recovery for everything since an instant (UTC aware). One transaction."""
    if since.tzinfo is None:
        raise ValueError("Say in which zone the instant is, such as 2026-10-31T14:00:00Z.")
    with sql.atomic():
        settle = {"settle": _longest_settle_window()}
        doubted = sql.run(_DOUBT, {"since": since} | settle) + sql.run(_LIVE, settle)
        polled = sql.run(_POLL)
    return Recovered(doubted, polled)


def _longest_settle_window() -> float:
    """Seconds: a call of the lost time may still be at work at its target."""
    windows = [
        manifest.settle_window_s
        for manifest in registry.all_manifests().values()
        if manifest.can(Capability.COMMANDS)
    ]
    return float(max(windows, default=0.0) * settings.REVOPS_SETTLE_SCALE)

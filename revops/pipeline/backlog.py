"""Cases of a whole target: it cannot be reached, or lets us wait; with all that waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from exceptions.findings import Finding, fingerprint_of
from revops.delivery.gate import GateRow
from revops.kernel.money import Money
from revops.store import sql

# A target may ask for some patience before anybody has to hear of it.
PATIENCE: Final = timedelta(minutes=15)
_DOWN: Final = "target_down"
_THROTTLED: Final = "target_throttled"

_BACKLOG: Final = """
SELECT command.currency, count(*) AS commands, sum(command.amount)::bigint AS amount,
    min(command.legal_entity_id) AS entity, count(DISTINCT command.legal_entity_id) AS entities,
    min(command.period_code) AS period, min(command.created_at) AS oldest
FROM delivery_outboundcommand command
WHERE command.connection_id = %s
  AND command.state IN ('pending', 'claimed', 'sending', 'retry_wait', 'unknown')
GROUP BY command.currency ORDER BY 3 DESC
"""


def down_fingerprint(slug: str) -> str:
    return fingerprint_of(_DOWN, slug)


def throttled_fingerprint(slug: str) -> str:
    return fingerprint_of(_THROTTLED, slug)


def down(connection_id: int, slug: str, label: str, gate: GateRow) -> list[Finding]:
    """A target that does not answer: one case with everything that waits for it."""
    why = gate.story or "calls failed"
    return _finding(
        sql.rows(_BACKLOG, (connection_id,)), slug, label, kind=_DOWN, why=gate.story,
        cause=f"{label} cannot be reached", happened=f"Nothing is sent to {label} because {why}.",
        checks_at=gate.retry_at,
    )  # fmt: skip


def throttled(
    connection_id: int, slug: str, label: str, gate: GateRow, at: datetime
) -> list[Finding]:
    """A target that turns calls away while something has waited longer than patience lasts."""
    backlog = sql.rows(_BACKLOG, (connection_id,))
    if not backlog or at - min(row.oldest for row in backlog) < PATIENCE:
        return []
    return _finding(
        backlog, slug, label, kind=_THROTTLED, why="It asked for fewer calls.",
        cause=f"{label} asks us to slow down",
        happened=f"{label} turns calls away because there are too many of them.",
        checks_at=gate.not_before,
    )  # fmt: skip


def _finding(
    backlog: list[Any], slug: str, label: str, *, kind: str, cause: str, happened: str, why: str,
    checks_at: datetime | None,
) -> list[Finding]:  # fmt: skip
    if not backlog:
        return []
    largest = backlog[0]
    waiting = sum(row.commands for row in backlog)
    money = [str(Money(row.amount, row.currency)) for row in backlog if row.currency and row.amount]
    sums = ", ".join(money) or "no money"
    thing = "posting" if money else "message"
    noun = f"{thing} waits" if waiting == 1 else f"{thing}s wait"
    return [
        Finding(
            kind=kind,
            identity=slug,
            cause_parts=slug,
            cause=cause,
            what_happened=f"{happened} {waiting} {noun}, and nothing is lost.",
            legal_entity_id=largest.entity if largest.entities == 1 else None,
            period_code=largest.period,
            currency=largest.currency,
            at_stake=largest.amount if largest.currency else None,
            path=f"Console → {label}",
            subject_label=f"{waiting} {noun}",
            blocked_steps=(f"Post to {label}",),
            facts=(("Waiting", f"{waiting}, {sums}"), ("Why", why)),
            connection_slug=slug,
            checks_at=checks_at,
        )
    ]

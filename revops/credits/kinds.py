"""The case kinds that credits detect (docs/playbooks)."""

from __future__ import annotations

from datetime import timedelta

from exceptions import kinds
from exceptions.kinds import Kind
from revops.credits.operations.following import NOT_ISSUED, UNAPPROVED


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare(
        Kind(NOT_ISSUED, "Approved credit not issued", team="Finance", sla=timedelta(days=1),
             playbook=NOT_ISSUED,
             why="The customer was promised a credit that is not in billing or in the books.",
             fix="Mend what billing named; it is asked again by itself, or retry its posting."),
        Kind(UNAPPROVED, "Credit note without approval", team="Finance", sla=timedelta(days=1),
             playbook=UNAPPROVED, tone="crit",
             why="Money was given back that nobody with the right agreed to.",
             fix="Ask who issued it. Void it in billing, or have the request approved."),
    )  # fmt: skip

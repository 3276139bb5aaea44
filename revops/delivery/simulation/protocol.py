"""
The protocol as workers follow it: the production core, and the few checks around it that production
does in SQL and in its HTTP client. The controls (``controls.py``) leave out one of these each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connectors.contract import Found, Receipt
from revops.delivery import decide
from revops.delivery import gate as gates
from revops.delivery.decide import Next, Policy, Row
from revops.delivery.gate import Allowance, GateRow
from revops.delivery.simulation.store import Command, Store

SEND_BUDGET: Final = 15.0
DRAIN_LEASE: Final = 60.0


@dataclass(slots=True)
class Protocol:
    """``drains``: how many workers may drain the connection at the same time."""

    policy: Policy
    drains: int = 1

    # Nobody waits for a message to come: what is due is looked for.
    sweeps = True

    def due(self, store: Store, hint: int | None, now: datetime) -> list[Command]:
        """What a worker looks at, whatever it was that woke it."""
        ready = [
            command
            for command in store.live.values()
            if command.row.next_at is not None and command.row.next_at <= now
        ]
        ready.sort(key=lambda command: (command.row.next_at, command.id))
        return ready

    def take(self, store: Store, worker: str, now: datetime) -> bool:
        """Become, or stay, one who drains the connection."""
        store.drains = {name: until for name, until in store.drains.items() if until > now}
        if worker not in store.drains and len(store.drains) >= self.drains:
            return False
        store.drains[worker] = now + timedelta(seconds=DRAIN_LEASE)
        return True

    def allow(self, gate: GateRow, *, now: datetime, most: int) -> tuple[GateRow, Allowance]:
        return gates.allow(gate, now=now, most=most)

    def claim(self, row: Row, *, now: datetime) -> tuple[Row, Next] | None:
        return decide.claim(row, now=now, policy=self.policy)

    def claimed(self, stored: Row, held: Row) -> Row:
        """What a claim leaves in the database."""
        return held

    def ours(self, stored: Row, held: Row) -> bool:
        """Rule 3: nobody has taken it over since, and nothing has been written to it."""
        return stored.fence == held.fence and stored.state is held.state

    def intend(self, row: Row, *, now: datetime) -> Row:
        return decide.intend(row, now=now, policy=self.policy)

    def in_time(self, *, started: float, now: float) -> bool:
        """Rule 4, by the worker's own clock, at the last moment before a call."""
        return now < started + SEND_BUDGET

    def conclude(self, row: Row, receipt: Receipt, *, now: datetime, random: float) -> Row:
        return decide.conclude(row, receipt, now=now, random=random)

    def answered(
        self, row: Row, found: Sequence[Found], *, digest: str, now: datetime, asked_at: datetime
    ) -> Row:
        return decide.read_result(row, found, digest=digest, now=now, asked_at=asked_at)

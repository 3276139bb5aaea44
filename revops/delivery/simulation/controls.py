"""
Protocols that leave something out. A run with one of them must do harm: if it did not, a run
without harm would prove nothing about the piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.contract import Found, Outcome, Receipt
from revops.delivery import decide
from revops.delivery.decide import LIVE, Next, Row, State
from revops.delivery.gate import Allowance, GateRow
from revops.delivery.simulation.protocol import Protocol
from revops.delivery.simulation.store import Command, Store

NAIVE_RETRY = timedelta(seconds=5)


class NoDeadline(Protocol):
    """Sends whenever it gets to it, however long ago the intent was."""

    def in_time(self, *, started: float, now: float) -> bool:
        return True


class NoReadBeforeRetry(Protocol):
    """Takes silence for failure and sends again."""

    def claim(self, row: Row, *, now: datetime) -> tuple[Row, Next] | None:
        claim = super().claim(row, now=now)
        if claim is None or claim[0].state is not State.UNKNOWN:
            return claim
        return replace(claim[0], state=State.CLAIMED, unknown_since=None), Next.SEND

    def conclude(self, row: Row, receipt: Receipt, *, now: datetime, random: float) -> Row:
        concluded = super().conclude(row, receipt, now=now, random=random)
        if concluded.state is not State.UNKNOWN:
            return concluded
        return replace(
            concluded, state=State.RETRY_WAIT, next_at=now + NAIVE_RETRY, unknown_since=None
        )


class NoIntent(Protocol):
    """Sends first and writes afterwards: a crash in between leaves no trace."""

    def intend(self, row: Row, *, now: datetime) -> Row:
        return row

    def conclude(self, row: Row, receipt: Receipt, *, now: datetime, random: float) -> Row:
        intended = decide.intend(replace(row, state=State.CLAIMED), now=now, policy=self.policy)
        return super().conclude(intended, receipt, now=now, random=random)


class NoFence(Protocol):
    """Writes what it knows, whoever works on the command by now."""

    def ours(self, stored: Row, held: Row) -> bool:
        return True


class NoLease(Protocol):
    """Looks at what is due without taking it; so do the others."""

    def take(self, store: Store, worker: str, now: datetime) -> bool:
        return True

    def claimed(self, stored: Row, held: Row) -> Row:
        return replace(held, state=stored.state, fence=stored.fence, next_at=stored.next_at)

    def ours(self, stored: Row, held: Row) -> bool:
        return stored.state in LIVE


class NoSweeper(Protocol):
    """Works on what a message names, and on nothing else; retries are messages too."""

    sweeps = False

    def due(self, store: Store, hint: int | None, now: datetime) -> list[Command]:
        command = store.live.get(hint) if hint is not None else None
        return [command] if command is not None else []


class NoGate(Protocol):
    """Every worker sends as much as it finds, whatever the target asked."""

    def take(self, store: Store, worker: str, now: datetime) -> bool:
        return True

    def allow(self, gate: GateRow, *, now: datetime, most: int) -> tuple[GateRow, Allowance]:
        return gate, Allowance(most)


class EarlyAnswerBelieved(Protocol):
    """Takes “not there” for proof at any time."""

    def answered(
        self, row: Row, found: Sequence[Found], *, digest: str, now: datetime, asked_at: datetime
    ) -> Row:
        always = datetime.max.replace(tzinfo=UTC)
        return super().answered(row, found, digest=digest, now=now, asked_at=always)


class AlreadyThereBelieved(Protocol):
    """Takes “already exists” for “ours is there” and does not compare."""

    def conclude(self, row: Row, receipt: Receipt, *, now: datetime, random: float) -> Row:
        if receipt.outcome is Outcome.ALREADY_DONE:
            receipt = replace(receipt, outcome=Outcome.OK)
        return super().conclude(row, receipt, now=now, random=random)


class AnswerWithoutProofBelieved(Protocol):
    """Takes any good answer for a posting, whatever it names."""

    def conclude(self, row: Row, receipt: Receipt, *, now: datetime, random: float) -> Row:
        if receipt.outcome is Outcome.OK and not receipt.external_id:
            receipt = replace(receipt, external_id="ok")
        return super().conclude(row, receipt, now=now, random=random)


class Naive(NoSweeper, NoGate, NoLease, NoFence, NoIntent, NoReadBeforeRetry, NoDeadline):
    """A task queue as it is often used: send a message when the row is stored, retry the task."""

    def ours(self, stored: Row, held: Row) -> bool:
        return True

"""
The gate of a connection: how much may be sent now. Pure: no clock, no I/O.

One row a connection holds the breaker, the throttle, what the target asked us to wait, the
maintenance windows and a person's pause. Waiting at a gate consumes no attempt.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from connectors.contract import Outcome
from revops.delivery.weekly import Weekly, over_at
from revops.kernel.backoff import LONGEST, SHORTEST

TRIP_AFTER: Final = 5
FIRST_TRIAL: Final = 10
LONGEST_TRIAL: Final = 600
FULL_SPEED: Final = 256
ANSWERED: Final = frozenset({Outcome.OK, Outcome.ALREADY_DONE, Outcome.WORKING, Outcome.REFUSED})


class Breaker(enum.StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class GateRow:
    """
    ``rate`` is commands a second (0 = unlimited), ``tokens`` what is left of it; ``slow_start`` is
    the largest batch after a recovery (0 = no limit), doubling with each batch that was answered.
    """

    breaker: Breaker = Breaker.CLOSED
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    failures: int = 0
    trips: int = 0
    story: str = ""
    not_before: datetime | None = None
    slow_start: int = 0
    max_in_flight: int = 4
    rate: int = 0
    tokens: int = 0
    tokens_at: datetime | None = None
    window_from: datetime | None = None
    window_to: datetime | None = None
    paused_at: datetime | None = None
    paused_until: datetime | None = None
    weekly: tuple[Weekly, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowance:
    """
    ``count`` commands may go now, in at most ``at_once`` calls at a time; when none, ``until`` says
    when to look again, and why.
    """

    count: int
    until: datetime | None = None
    why: str = ""
    at_once: int = 1


def allow(gate: GateRow, *, now: datetime, most: int) -> tuple[GateRow, Allowance]:
    """How many of at most ``most`` commands may be claimed now; half-open admits one trial."""
    if gate.paused_at and (gate.paused_until is None or now < gate.paused_until):
        return gate, Allowance(0, gate.paused_until, "paused")
    if gate.window_from and gate.window_to and gate.window_from <= now < gate.window_to:
        return gate, Allowance(0, gate.window_to, "maintenance window")
    if over := over_at(gate.weekly, now=now):
        return gate, Allowance(0, over, "weekly window")
    if gate.not_before and now < gate.not_before:
        return gate, Allowance(0, gate.not_before, "the target asked us to wait")
    if gate.breaker is Breaker.OPEN:
        if gate.retry_at and now < gate.retry_at:
            return gate, Allowance(0, gate.retry_at, "sending is suspended")
        gate = replace(gate, breaker=Breaker.HALF_OPEN)
    if gate.breaker is Breaker.HALF_OPEN:
        return gate, Allowance(min(1, most))
    count = min(most, gate.slow_start) if gate.slow_start else most
    gate = _refill(gate, now)
    if gate.rate:
        if gate.tokens < 1:
            return gate, Allowance(0, now + timedelta(seconds=1 / gate.rate), "rate limit")
        count = min(count, gate.tokens)
        gate = replace(gate, tokens=gate.tokens - count)
    return gate, Allowance(count)


def observe(
    gate: GateRow,
    outcomes: Sequence[tuple[Outcome, int | None]],
    *,
    now: datetime,
    random: float,
) -> GateRow:
    """
    The gate after a batch's answers, each (outcome, seconds the target asked us to wait).

    A refusal is an answer, and so is that it is still at work: both show that the target works.
    Throttling is no failure either, but holds everybody back. Silence, errors, an address that
    cannot be reached and rejected credentials count towards the breaker. NOT_SENT beside an answer
    of any kind does not: then the target was there, and it was our time to send that ran out.
    """
    kinds = {outcome for outcome, _ in outcomes}
    reached = kinds - {Outcome.NOT_SENT, Outcome.IN_DOUBT}
    for outcome, asked in outcomes:
        if outcome is Outcome.THROTTLED:
            seconds = min(LONGEST, max(SHORTEST, asked)) if asked else 1 + random
            until = now + timedelta(seconds=seconds)
            gate = replace(gate, not_before=max(until, gate.not_before or until))
        elif outcome in ANSWERED:
            gate = _success(gate)
        elif outcome is not Outcome.NOT_SENT or not reached:
            gate = _failure(gate, now, outcome, random)
    if Outcome.THROTTLED in kinds:
        return replace(gate, slow_start=max(1, (gate.slow_start or FULL_SPEED) // 2))
    return _faster(gate) if kinds & ANSWERED and Outcome.NOT_SENT not in kinds else gate


def trial(gate: GateRow, *, now: datetime) -> GateRow:
    """A person asks for a trial now."""
    if gate.breaker is Breaker.OPEN:
        return replace(gate, retry_at=now, not_before=None)
    return replace(gate, not_before=None)


def _success(gate: GateRow) -> GateRow:
    if gate.breaker is Breaker.CLOSED:
        return replace(gate, failures=0)
    return replace(
        gate, breaker=Breaker.CLOSED, failures=0, trips=0, opened_at=None, retry_at=None,
        slow_start=1, story="",
    )  # fmt: skip


def _faster(gate: GateRow) -> GateRow:
    doubled = gate.slow_start * 2
    return replace(gate, slow_start=0 if doubled >= FULL_SPEED else doubled)


def _failure(gate: GateRow, now: datetime, outcome: Outcome, random: float) -> GateRow:
    failures = gate.failures + 1
    if gate.breaker is Breaker.CLOSED and failures < TRIP_AFTER:
        return replace(gate, failures=failures)
    if gate.breaker is Breaker.OPEN:
        return replace(gate, failures=failures)
    pause = min(LONGEST_TRIAL, FIRST_TRIAL * 2 ** min(gate.trips, 10)) * (0.75 + random / 2)
    return replace(
        gate,
        breaker=Breaker.OPEN,
        opened_at=gate.opened_at or now,
        retry_at=now + timedelta(seconds=pause),
        failures=failures,
        trips=gate.trips + 1,
        story=_STORIES.get(outcome, "calls failed"),
    )


_STORIES: Final = {
    Outcome.AUTH: "the credentials were not accepted",
    Outcome.IN_DOUBT: "calls were not answered",
    Outcome.TRANSIENT: "calls were turned away",
    Outcome.NOT_SENT: "the system could not be reached",
}


def _refill(gate: GateRow, now: datetime) -> GateRow:
    if not gate.rate:
        return gate
    if gate.tokens_at is None:
        return replace(gate, tokens=gate.rate, tokens_at=now)
    whole = int((now - gate.tokens_at).total_seconds() * gate.rate)
    if whole < 1:
        return gate
    if gate.tokens + whole >= gate.rate:
        # A full bucket earns nothing, not even the fraction of a token.
        return replace(gate, tokens=gate.rate, tokens_at=now)
    earned = timedelta(seconds=whole / gate.rate)
    return replace(gate, tokens=gate.tokens + whole, tokens_at=gate.tokens_at + earned)

"""Commands at each step of their way, as the deciding core sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.contract import Found, Outcome, Receipt
from revops.delivery import decide
from revops.delivery.decide import Policy, Row, State

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = Policy(lease=60, settle=290)
PENDING = Row(State.PENDING, next_at=NOW)
LATER = NOW + timedelta(seconds=300)
DIGEST = "d1"
RETRY_ANYWAY = (Outcome.THROTTLED, Outcome.TRANSIENT, Outcome.AUTH, Outcome.NOT_SENT)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def claimed(row: Row = PENDING, *, at: datetime = NOW) -> Row:
    claim = decide.claim(row, now=at, policy=POLICY)
    assert claim is not None
    return claim[0]


def sending(row: Row = PENDING, *, at: datetime = NOW) -> Row:
    return decide.intend(claimed(row, at=at), now=at, policy=POLICY)


def in_doubt(*, at: datetime = NOW) -> Row:
    row = sending(at=at)
    return decide.conclude(row, Receipt(Outcome.IN_DOUBT), now=at, random=0.5)


def found(*, posted: bool = True, digest: str = DIGEST, number: str = "7") -> Found:
    return Found(f"id-{number}", number, posted, digest)

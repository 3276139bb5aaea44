"""
The deciding core of delivery: what a command's next state is. Pure: no clock, no I/O.

It runs unchanged in the simulator, under Hypothesis and in production. The rules, numbered as in
docs/reliability.md, are those that carry the proof:

1. Whoever works on a command has claimed it: the fence grew and a lease runs.
2. The intent to send is stored before the first byte leaves; a dead lease on SENDING is UNKNOWN.
3. Every later write carries the fence; a stale one is dropped.
4. A send is abandoned when its deadline has passed before the socket call (NOT_SENT).
5. UNKNOWN is asked about once its settle window is over, and never sent again without that answer.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from connectors.contract import Found, Outcome, Receipt
from revops.kernel.backoff import LONGEST, SHORTEST, full_jitter

POISON_AFTER: Final = 3
# The code of a row that is to be asked about before its settle window is over: a person wants to
# know, or the target said that it already has it.
CHECKING: Final = "checking"
# The code of a posted row whose document somebody made in the target by hand: without our key.
BY_HAND: Final = "by_hand"


class State(enum.StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    RETRY_WAIT = "retry_wait"
    UNKNOWN = "unknown"
    POSTED = "posted"
    EXCEPTION = "exception"
    CANCELLED = "cancelled"


LIVE: Final = (State.PENDING, State.CLAIMED, State.SENDING, State.RETRY_WAIT, State.UNKNOWN)
IN_FLIGHT: Final = (State.CLAIMED, State.SENDING)


class Next(enum.StrEnum):
    """What the holder of a fresh claim does with it."""

    SEND = "send"
    READ = "read"
    WAIT = "wait"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Row:
    """
    The deciding part of a command. ``next_at`` is when it needs attention: due time, end of the
    settle window, or end of its holder's lease. ``unknown_since`` is when an attempt was first left
    without an answer; it stays until the command is posted. Instants are the database's clock.
    """

    state: State
    fence: int = 0
    next_at: datetime | None = None
    attempts: int = 0
    crash_count: int = 0
    unknown_since: datetime | None = None
    settle_until: datetime | None = None
    drafted_id: str = ""
    external_id: str | None = None
    external_number: str = ""
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Seconds, from the connector's manifest: how long a lease and the settle window are."""

    lease: float
    settle: float
    max_throttle: int = 3600


def claim(row: Row, *, now: datetime, policy: Policy) -> tuple[Row, Next] | None:
    """
    Take a due command. None when it is not live or not due (rule 1).

    The store does this for many rows at once in SQL; a test holds both to the same result.
    """
    if row.state not in LIVE or row.next_at is None or row.next_at > now:
        return None
    lapsed = row.state in IN_FLIGHT
    was_sending = row.state in (State.SENDING, State.UNKNOWN)
    claimed = replace(
        row,
        state=State.UNKNOWN if was_sending else State.CLAIMED,
        fence=row.fence + 1,
        next_at=now + timedelta(seconds=policy.lease),
        crash_count=row.crash_count + lapsed,
        unknown_since=row.unknown_since or (now if was_sending else None),
    )
    return claimed, purpose(claimed, now=now)


def purpose(row: Row, *, now: datetime) -> Next:
    """What a claimed row is for. A row that keeps killing its workers is given up (POISON)."""
    if row.state is State.UNKNOWN:
        settled = row.settle_until is None or now >= row.settle_until
        return Next.READ if settled or row.code == CHECKING else Next.WAIT
    return Next.GIVE_UP if row.crash_count >= POISON_AFTER else Next.SEND


def wait(row: Row) -> Row:
    """Give a claim back until the settle window is over."""
    return replace(row, state=State.UNKNOWN, next_at=row.settle_until or row.next_at)


def give_up(row: Row) -> Row:
    """The command has ended its worker too often: a person looks at it; others go on."""
    return replace(
        row,
        state=State.EXCEPTION,
        next_at=None,
        code="poison",
        reason=f"Working on this ended the worker {row.crash_count} times.",
    )


def release(row: Row, *, now: datetime) -> Row:
    """
    Give a claim back untouched, because the gate closed before anything was sent.

    What is in doubt stays in doubt: only an answer leads from there back to sending.
    """
    if row.state is State.CLAIMED:
        return replace(row, state=State.PENDING, next_at=now)
    return replace(row, state=State.UNKNOWN, next_at=now, unknown_since=row.unknown_since or now)


def intend(row: Row, *, now: datetime, policy: Policy) -> Row:
    """
    Write-ahead (rule 2): stored and committed before the socket call.

    ``now`` is the database's clock, read no earlier than the monotonic clock from which the send
    deadline counts: a pause between the two must shorten the time to send, not the settle window.
    Raises ValueError for a row that nobody holds for sending.
    """
    if row.state is not State.CLAIMED:
        raise ValueError(f"A command that is {row.state.value} must not be sent.")
    return replace(
        row,
        state=State.SENDING,
        attempts=row.attempts + 1,
        next_at=now + timedelta(seconds=policy.lease),
        settle_until=now + timedelta(seconds=policy.settle),
    )


def conclude(row: Row, receipt: Receipt, *, now: datetime, random: float) -> Row:
    """
    The state after an answer to a send. ``random`` in [0, 1) spreads retries.

    Only outcomes that say “surely not executed” lead back to sending; everything else is UNKNOWN.
    WORKING does too, with what names the work: another sending only asks about that.
    POSTED needs proof: an OK that names no document proves nothing, and a document that was there
    before (ALREADY_DONE) is read and compared first, since it may hold other content.
    """
    row = replace(
        row, drafted_id=receipt.drafted_id or row.drafted_id, code=receipt.code,
        reason=receipt.reason,
    )  # fmt: skip
    match receipt.outcome:
        case Outcome.OK if receipt.external_id:
            return _posted(row, receipt.external_id, receipt.external_number)
        case Outcome.ALREADY_DONE:
            return replace(_in_doubt(row, now), next_at=now, code=CHECKING)
        case Outcome.REFUSED:
            return replace(
                row,
                state=State.EXCEPTION,
                next_at=None,
                settle_until=None,
                drafted_id=receipt.drafted_id,
                code=receipt.code or "refused",
                crash_count=0,
            )
        case Outcome.WORKING if receipt.drafted_id:
            return _again(row, now, _pause(row, receipt, random, base=5))
        case Outcome.IN_DOUBT | Outcome.OK | Outcome.WORKING:
            return _in_doubt(row, now)
        case Outcome.NOT_SENT:
            return _again(row, now, 0.2 + random)
        case Outcome.THROTTLED:
            return _again(row, now, _pause(row, receipt, random, base=5))
        case Outcome.TRANSIENT | Outcome.AUTH:
            return _again(row, now, _pause(row, receipt, random, base=1))


def read_result(
    row: Row,
    found: Sequence[Found],
    *,
    digest: str,
    now: datetime,
    asked_at: datetime | None = None,
) -> Row:
    """
    The state after a conclusive read. ``digest`` is what the target should hold; ``asked_at`` is
    the database's clock before the question was put (``now`` when it is not given).

    None found: the command may be sent again, with the same key. One with the same content is the
    proof of posting, or a draft that still has to be posted. Anything else needs a person.

    What is there is there at any time. What is missing, or only drafted, is so for good when the
    question was put after the settle window: until then the first call may still be at work.
    """
    if len(found) > 1:
        ids = ", ".join(item.external_number or item.external_id for item in found)
        return _exception(row, "duplicate", f"The target holds it {len(found)} times: {ids}.")
    only = found[0] if found else None
    if only and only.content_sha256 != digest:
        return replace(
            _exception(
                row,
                "conflict",
                f"The target holds {only.external_number or only.external_id} under this key with "
                "other content.",
            ),
            drafted_id="" if only.posted else only.external_id,
        )
    if only and only.posted:
        return _posted(row, only.external_id, only.external_number)
    if row.settle_until is not None and (asked_at or now) < row.settle_until:
        return replace(wait(row), code="")
    return replace(
        row, state=State.PENDING, next_at=now, settle_until=None,
        drafted_id=only.external_id if only else "", code="", reason="",
    )  # fmt: skip


def read_failed(row: Row, *, now: datetime, wait_for: float, reason: str) -> Row:
    """The question was not answered: still UNKNOWN, asked again later, never resent."""
    return replace(
        row,
        state=State.UNKNOWN,
        next_at=now + timedelta(seconds=wait_for),
        reason=reason,
    )


def retry(row: Row, *, now: datetime) -> Row | None:
    """
    A person's retry of a refused command: same key, same content. None when not allowed: what the
    target holds twice or otherwise is no matter of sending, and what is in doubt is asked about.
    """
    if row.state is not State.EXCEPTION or row.code in ("duplicate", "conflict"):
        return None
    return replace(row, state=State.PENDING, next_at=now, crash_count=0, code="", reason="")


def check_now(row: Row, *, now: datetime) -> Row | None:
    """
    A person's *check now*: asks the target, never sends. None when there is nothing to ask.

    Before the settle window is over, a “not there” proves nothing: the row then waits again.
    """
    if row.state is State.UNKNOWN:
        return replace(row, next_at=now, code=CHECKING)
    return None


def by_hand(row: Row, external_id: str, external_number: str) -> Row | None:
    """
    A person made it in the target, and it was read there and compared. None when not allowed: only
    what was refused, with nothing of ours left there, may be somebody else's document.
    """
    refused = row.state is State.EXCEPTION and row.code not in ("duplicate", "conflict")
    if not refused or row.drafted_id or row.unknown_since is not None or not external_id:
        return None
    return replace(_posted(row, external_id, external_number), code=BY_HAND)


def cancel(row: Row) -> Row | None:
    """
    Only what surely left nothing at the target can be cancelled. None otherwise.

    After an attempt that was never answered it cannot, even when the target has been asked since:
    where a second sending does no harm, “not there” is believed before the first one has ended. A
    draft is something left, though it is in nobody's books yet.
    """
    idle = row.state in (State.PENDING, State.RETRY_WAIT, State.EXCEPTION)
    if idle and not row.unknown_since and not row.drafted_id:
        return replace(row, state=State.CANCELLED, next_at=None)
    return None


def _posted(row: Row, external_id: str, external_number: str) -> Row:
    return replace(
        row,
        state=State.POSTED,
        next_at=None,
        settle_until=None,
        unknown_since=None,
        drafted_id="",
        external_id=external_id,
        external_number=external_number,
        code="",
        reason="",
        crash_count=0,
    )


def _exception(row: Row, code: str, reason: str) -> Row:
    return replace(
        row, state=State.EXCEPTION, next_at=None, settle_until=None, code=code, reason=reason
    )


def _in_doubt(row: Row, now: datetime) -> Row:
    return replace(wait(row), unknown_since=row.unknown_since or now)


def _pause(row: Row, receipt: Receipt, random: float, *, base: int) -> float:
    """Seconds: what the target asked for, within bounds, or our own backoff."""
    if receipt.retry_after:
        return min(LONGEST, max(SHORTEST, receipt.retry_after))
    return full_jitter(attempt=row.attempts, random=random, base=base)


def _again(row: Row, now: datetime, seconds: float) -> Row:
    return replace(
        row,
        state=State.RETRY_WAIT,
        next_at=now + timedelta(seconds=seconds),
        settle_until=None,
        crash_count=0,
    )

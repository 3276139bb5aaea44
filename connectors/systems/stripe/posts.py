"""One POST to Stripe, and what its answer means (https://docs.stripe.com/api/errors)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connectors.contract import Outcome, PayloadUnreadable, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.systems.stripe import listing, wire
from connectors.systems.stripe.wire import Json
from revops.kernel import backoff
from revops.kernel.clock import now

# Stripe promises no Retry-After.
_THROTTLED_S: Final = 5
_LIMITS: Final = {
    "global-concurrency": "too many of our calls run at once",
    "global-rate": "the account calls too often",
    "endpoint-concurrency": "too many calls of this kind run at once",
    "endpoint-rate": "calls of this kind come too often",
    "resource-specific": "this object was changed too often",
}


class Answered(Problem):
    """
    What an answer of Stripe's other than yes means. ``replayed``: it is that of an earlier call
    with the same key.
    """

    def __init__(
        self,
        outcome: Outcome,
        code: str,
        reason: str,
        *,
        answer: Answer,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(
            outcome,
            code,
            reason,
            status=answer.status,
            excerpt=answer.excerpt(),
            retry_after=retry_after,
        )
        self.replayed = _replayed(answer)


async def post(
    client: Client, settings: Settings, path: str, form: Sequence[tuple[str, Any]], *, key: str
) -> tuple[Json, bool]:
    """What Stripe made, and whether it only repeats an earlier answer. Raises Problem."""
    headers = {**listing.headers(settings), "Idempotency-Key": key}
    with carried(write=True):
        answer = await client.call("POST", path, form=form, headers=headers)
    if answer.status != 200:
        raise _problem(answer)
    try:
        made = answer.json()
    except PayloadUnreadable as error:
        reason = "Stripe's answer cannot be read."
        raise Answered(Outcome.IN_DOUBT, "garbled", reason, answer=answer) from error
    if not isinstance(made, dict) or not wire.ref(made):
        reason = "Stripe did not name what it made."
        raise Answered(Outcome.IN_DOUBT, "garbled", reason, answer=answer)
    return made, _replayed(answer)


def _replayed(answer: Answer) -> bool:
    return answer.headers.get("idempotent-replayed", "").lower() == "true"


def _problem(answer: Answer) -> Answered:
    error = listing.error_of(answer)
    kind, code = wire.text(error.get("type"), 60), wire.text(error.get("code"), 60)
    said = listing.reason_of(answer)
    status = answer.status
    if status in (401, 403):
        return Answered(Outcome.AUTH, code or "credentials_refused", said, answer=answer)
    if status == 429:
        return _throttled(answer, code, said)
    if status == 409:
        # Nothing is saved for a call that met another one, but the other may be ours.
        ours = code == "idempotency_key_in_use"
        outcome = Outcome.IN_DOUBT if ours else Outcome.TRANSIENT
        return Answered(outcome, code or "conflict_now", said, answer=answer)
    if kind == "idempotency_error":
        reason = "Stripe holds another request under this key."
        return Answered(Outcome.REFUSED, "conflict", reason, answer=answer)
    if status in (408, 425) or 300 <= status < 400:
        return Answered(Outcome.TRANSIENT, "not_taken", said, answer=answer)
    if 400 <= status < 500:
        return Answered(Outcome.REFUSED, code or "refused", said, answer=answer)
    return Answered(Outcome.IN_DOUBT, "failed", said, answer=answer)


def _throttled(answer: Answer, code: str, said: str) -> Answered:
    wait = backoff.retry_after(answer.headers.get("retry-after"), at=now())
    limit = answer.headers.get("stripe-rate-limited-reason", "")
    if code == "lock_timeout":
        reason = "Stripe was busy with another change of the same object; it is tried again."
        return Answered(Outcome.TRANSIENT, code, reason, answer=answer, retry_after=wait)
    words = _LIMITS.get(limit)
    reason = f"Stripe asks us to slow down: {words}." if words else said
    return Answered(
        Outcome.THROTTLED,
        code or "rate_limit",
        reason,
        answer=answer,
        retry_after=wait or _THROTTLED_S,
    )

"""What answers of any system have in common: what is asked for in headers, and what to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.contract import Outcome, PayloadUnreadable
from connectors.http import Answer
from connectors.problem import Problem
from revops.kernel import backoff
from revops.kernel.clock import now


def unclear(*, write: bool) -> Outcome:
    """Of what was not understood: a write may have been done."""
    return Outcome.IN_DOUBT if write else Outcome.TRANSIENT


def retry_after(answer: Answer, otherwise: int | None = None) -> int | None:
    """Whole seconds that a ``Retry-After`` header asks for, between 1 and an hour."""
    return backoff.retry_after(answer.headers.get("retry-after"), at=now()) or otherwise


def evidence(answer: Answer, said: str = "") -> dict[str, Any]:
    """``status`` and ``excerpt`` of a Problem: what the system said, else the body's beginning."""
    return {"status": answer.status, "excerpt": said or answer.excerpt()}


def read(
    answer: Answer,
    system: str,
    *,
    write: bool,
    excerpt: Callable[[Answer], str] = Answer.excerpt,
) -> Any:
    """The body as JSON. ``excerpt`` is what to show of one that is none. Raises Problem."""
    try:
        return answer.json()
    except PayloadUnreadable as error:
        reason = f"{system}'s answer could not be read."
        told = evidence(answer, excerpt(answer))
        raise Problem(unclear(write=write), "garbled", reason, **told) from error


def mapping(answer: Answer, system: str, *, write: bool) -> Mapping[str, Any]:
    """The object that the body is. Raises Problem."""
    found = read(answer, system, write=write)
    if isinstance(found, Mapping):
        return found
    reason = f"{system}'s answer is no object."
    raise Problem(unclear(write=write), "garbled", reason, **evidence(answer))


def throttled(answer: Answer, reason: str, *, otherwise: int, **told: Any) -> Problem:
    """The system asks us to wait: as long as it says, else ``otherwise`` seconds."""
    wait = retry_after(answer, otherwise)
    return Problem(
        Outcome.THROTTLED, "throttled", reason, retry_after=wait, **(told or evidence(answer))
    )


def failed(answer: Answer, system: str, *, write: bool, **told: Any) -> Problem:
    """A status that says that something went wrong there, or before it."""
    return Problem(
        unclear(write=write),
        "failed",
        f"{system}, or a server before it, failed with {answer.status}.",
        retry_after=retry_after(answer),
        **(told or evidence(answer)),
    )

"""
A call to a system that did not do what was asked, in the words that every connector uses.

A connector's ``answers`` raises Problem for what an answer means, ``carried`` for what the network
did. Only its edges translate: ``receipt`` for a command, ``read_only`` around what only reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from connectors.contract import CallFailed, Outcome, Receipt
from connectors.http import NotSent, Unanswered

_NOTHING_OPEN: Final = (Outcome.NOT_SENT, Outcome.IN_DOUBT)


class Problem(Exception):
    """
    A call that did not do what was asked. All outcomes but IN_DOUBT and WORKING mean that the
    system surely holds nothing of it. ``code`` is for programs, ``reason`` a sentence for people,
    ``excerpt`` what the system said, ``retry_after`` whole seconds that it asked for.
    """

    def __init__(
        self,
        outcome: Outcome,
        code: str,
        reason: str,
        *,
        status: int | None = None,
        excerpt: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.code = code
        self.reason = reason
        self.status = status
        self.excerpt = excerpt
        self.retry_after = retry_after

    def receipt(self) -> Receipt:
        """The same as the answer to a command."""
        return Receipt(
            self.outcome,
            code=self.code,
            reason=self.reason,
            http_status=self.status,
            excerpt=self.excerpt,
            retry_after=self.retry_after,
        )

    def failure(self) -> CallFailed:
        """The same of a read: nothing was to be written, so nothing is open."""
        outcome = Outcome.TRANSIENT if self.outcome in _NOTHING_OPEN else self.outcome
        return CallFailed(outcome, self.reason, retry_after=self.retry_after)


class Working(Problem):
    """
    The system has taken it and works on it. It is asked about by ``drafted_id``, after so many
    seconds; nothing else waits for it.
    """

    def __init__(self, code: str, reason: str, drafted_id: str, *, seconds: int) -> None:
        super().__init__(Outcome.WORKING, code, reason, retry_after=seconds)
        self.drafted_id = drafted_id

    def receipt(self) -> Receipt:
        return replace(super().receipt(), drafted_id=self.drafted_id)


@contextmanager
def carried(*, write: bool) -> Iterator[None]:
    """Around one call of the client: what the network did, as a Problem."""
    try:
        yield
    except NotSent as error:
        raise Problem(Outcome.NOT_SENT, "not_sent", error.reason) from error
    except Unanswered as error:
        outcome = Outcome.IN_DOUBT if write else Outcome.TRANSIENT
        raise Problem(outcome, "unanswered", error.reason) from error


@contextmanager
def read_only() -> Iterator[None]:
    """Around what only reads: a Problem as the contract's CallFailed."""
    try:
        yield
    except Problem as problem:
        raise problem.failure() from problem

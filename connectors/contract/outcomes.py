"""What an answer means, what a target lets us promise, and what connectors raise."""

from __future__ import annotations

import enum


class Outcome(enum.StrEnum):
    """What an answer means, whatever its HTTP status was. WORKING: see ``problem.Working``."""

    OK = "ok"
    ALREADY_DONE = "already_done"
    WORKING = "working"
    REFUSED = "refused"
    THROTTLED = "throttled"
    TRANSIENT = "transient"
    AUTH = "auth"
    IN_DOUBT = "in_doubt"
    NOT_SENT = "not_sent"


class Grade(enum.StrEnum):
    """
    What the target's idempotency lets us promise (docs/reliability.md).

    REPEATABLE is for messages alone, to people and to subscribers who know a message by its id: the
    target cannot be asked, ``find`` knows of nothing, and what is in doubt is sent again, because a
    second copy does less harm than none.
    """

    UNIQUE_KEY = "unique_key"
    IDEMPOTENT_WINDOW = "idempotent_window"
    READ_ONLY_CHECK = "read_only_check"
    REPEATABLE = "repeatable"


class SignatureInvalid(Exception):
    """The call does not prove that it comes from the configured system."""


class PayloadUnreadable(ValueError):
    """The body cannot be understood at all; the message says why in the sender's words."""


class TypeUnknown(ValueError):
    """The event type or its version is not one that this connector knows: quarantine it."""


class NeedsFetch(Exception):
    """
    A thin event: its object must be asked for. With ``ObjectSource`` it is fetched and stored as an
    event of its own; otherwise the source is polled at once.
    """


class CallFailed(Exception):
    """A read did not succeed; ``outcome`` says how."""

    def __init__(self, outcome: Outcome, reason: str, *, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.retry_after = retry_after

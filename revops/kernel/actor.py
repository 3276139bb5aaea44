"""
Who acts, and from where: carried beside the work, so that whatever is recorded can say it.

An actor is text all the way down: the audit trail outlives the people and tokens it names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["person", "service", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """
    A person (``user:12``), a service by its token (``token:ab12``) or the console itself
    (``system:line``). ``roles`` are those in force when the actor was made.
    """

    kind: Kind
    key: str
    name: str
    roles: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts now; ``actor`` is None outside of a request or a job that says who it is for."""

    actor: Actor | None = None
    request_id: str = ""
    ip: str = ""
    session: str = ""


_NOBODY: Final = Acting()
_current: ContextVar[Acting] = ContextVar("acting", default=_NOBODY)


def system(name: str, label: str = "") -> Actor:
    """The console itself: ``system("line")``, ``system("manage.py rates", "Operator")``."""
    return Actor("system", f"system:{name}"[:64], label or name)


def acting() -> Acting:
    """Who acts now and from where; all blank when nobody said."""
    return _current.get()


@contextmanager
def as_actor(
    actor: Actor | None, *, request_id: str = "", ip: str = "", session: str = ""
) -> Iterator[Acting]:
    """
    Work as ``actor``. ``session`` is a digest of the session, never the session's own key, which
    would let its reader in.
    """
    now = Acting(actor, request_id, ip, session)
    token = _current.set(now)
    try:
        yield now
    finally:
        _current.reset(token)

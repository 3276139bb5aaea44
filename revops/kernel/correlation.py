"""One id per business story, from the first event to the ERP's answer, in every log line."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "X-Correlation-Id"

_current: ContextVar[str] = ContextVar("correlation_id", default="")
_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{7,63}", re.ASCII)


def new_id() -> str:
    """A fresh id, 23 characters, safe in headers and addresses."""
    return "co-" + secrets.token_hex(10)


def accept(offered: str | None) -> str:
    """The caller's id when it has the right form, else a fresh one."""
    return offered if offered and _FORM.fullmatch(offered) else new_id()


def current() -> str:
    """The id of the story being worked on, or an empty string outside of one."""
    return _current.get()


@contextmanager
def bound(correlation_id: str) -> Iterator[str]:
    """Work under this id: log lines and outgoing calls carry it."""
    token = _current.set(correlation_id)
    try:
        yield correlation_id
    finally:
        _current.reset(token)

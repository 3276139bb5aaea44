"""
Small questions that every page asks, put to the database in one statement. Whoever has one declares
it, once, from ``AppConfig.ready``:

    together.declare("unread", "SELECT count(*) FROM …  WHERE recipient_id = %(me)s")

Each is a scalar of whole numbers over ``me`` (the person's id) and ``now``, and costs next to
nothing; all of them are asked when the first answer is wanted. A session sees its own rows only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from revops.store import sql

_KEPT: Final = "_revops_together"
_declared: dict[str, str] = {}


def declare(name: str, statement: str) -> None:
    """``name`` is a plain word. Declaring it again replaces it."""
    if not name.isidentifier():
        raise ValueError(f"“{name}” is no plain word.")
    _declared[name] = statement


def answer(holder: Any, name: str, *, me: int, now: datetime) -> int:
    """
    The answer for a person, kept with ``holder`` (a request). Raises KeyError for what nobody
    declared; errors are psycopg's.
    """
    known: dict[str, int] | None = getattr(holder, _KEPT, None)
    if known is None:
        known = _asked(me, now)
        setattr(holder, _KEPT, known)
    return known[name]


def _asked(me: int, now: datetime) -> dict[str, int]:
    names = sorted(_declared)
    scalars = ", ".join(f"({_declared[name]})::bigint AS {name}" for name in names)
    row = sql.one(f"SELECT {scalars}", {"me": me, "now": now})  # noqa: S608  declared by us
    assert row is not None
    return {name: value or 0 for name, value in zip(names, row, strict=True)}

"""What holds for every answer: its headers (I29), and that looking writes nothing (I4)."""

from __future__ import annotations

import re
from typing import Any, Final

from django.db import connection

from revops.store import sql

_SAME: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_NOT_KEPT: Final = ("no-store", "max-age=0, no-cache, no-store, must-revalidate, private")


def unsafe(answer: Any, *, may_be_kept: bool = False) -> list[str]:
    """The headers of an answer that are missing or say something else."""
    found = [name for name, value in _SAME.items() if answer.get(name) != value]
    policy = answer.get("Content-Security-Policy", "")
    if (
        "default-src 'none'" not in policy
        or "frame-ancestors 'none'" not in policy
        or "unsafe" in policy
    ):
        found.append(f"Content-Security-Policy: {policy}")
    if not re.fullmatch(r"[\w.:-]{8,64}", answer.get("X-Correlation-Id", "")):
        found.append("X-Correlation-Id")
    if not may_be_kept and answer.get("Cache-Control") not in _NOT_KEPT:
        found.append(f"Cache-Control: {answer.get('Cache-Control')}")
    return found


def rows_written() -> int:
    """Rows written so far in this transaction, to any table but the sessions."""
    assert connection.in_atomic_block
    row = sql.one(
        "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint AS written "
        "FROM pg_stat_xact_user_tables WHERE relname <> 'django_session'"
    )
    assert row is not None
    return int(row.written)

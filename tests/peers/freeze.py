"""
Stopping Tryton at the worst moment: inside a transaction that it will commit when it goes on.

SIGSTOP alone mostly hits a server that waits for work. What it is doing is seen from its database:
a transaction that has written lines is making drafts, one that has taken a number is posting them.
"""

from __future__ import annotations

import enum
import time
from pathlib import Path

from tests.peers.tryton.peer import TrytonPeer

# Whether each such transaction is being committed already.
_OPEN = """
SELECT session.query ILIKE 'commit%%' FROM pg_locks held
JOIN pg_class written ON written.oid = held.relation
JOIN pg_stat_activity session ON session.pid = held.pid
WHERE session.datname = %s AND session.backend_xid IS NOT NULL
  AND written.relname = %s AND held.mode = 'RowExclusiveLock'
"""


class Doing(enum.StrEnum):
    """Named by the table that such a transaction, and no earlier one, has written to."""

    DRAFTING = "account_move_line"
    POSTING = "ir_sequence_strict"


def stop_while(tryton: TrytonPeer, doing: Doing, *, seconds: float = 30) -> None:
    """
    Returns with Tryton stopped and its transaction open. AssertionError when it does no such thing
    within ``seconds``.
    """
    end = time.monotonic() + seconds
    with tryton.databases.connect(tryton.database) as connection:

        def inside() -> bool:
            found = connection.execute(_OPEN, [tryton.database, doing.value])
            return (False,) in found.fetchall()

        while time.monotonic() < end:
            if inside():
                tryton.sigstop()
                while not _stopped(tryton.running.pid):
                    time.sleep(0.001)
                if inside():
                    return
                tryton.sigcont()
            time.sleep(0.002)
    raise AssertionError(f"Tryton was never seen {doing.name.lower()} within {seconds:.0f} s")


def _stopped(pid: int) -> bool:
    """Every thread is."""
    states = [task.read_text().rpartition(")")[2].split()[0] for task in _tasks(pid)]
    return all(state == "T" for state in states)


def _tasks(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").glob("*/stat"))

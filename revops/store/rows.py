"""
Whose rows this database session sees: the second belt behind ``accounts.authority``.

PostgreSQL itself filters by legal entity (row-level security, ``revops.store.guards``). A page
that forgets to filter shows too little, never too much. Four roles, none of which owns anything:

========================  ==========================================================================
``revops_door``           What the web process signs in as. Until somebody is known, it sees of what
                          belongs to an entity only what its doors need: the inbox.
``revops_web``            A page for somebody who sees some entities: those in ``app.entities``.
``revops_web_all``        A page for somebody who sees all of them, and what belongs to none.
``revops_worker``         What workers sign in as: all rows, as the line serves every entity.
========================  ==========================================================================

Setting the role lasts for the session, so behind a pooler that shares sessions between clients
within a session (PgBouncer's transaction mode) this must not be used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from django.db import connection

from revops.store import sql

DOOR: Final = "revops_door"
SOME: Final = "revops_web"
ALL: Final = "revops_web_all"
WORKER: Final = "revops_worker"
ROLES: Final = (DOOR, SOME, ALL, WORKER)

_ENTER: Final = "SELECT set_config('app.entities', %s, false), set_config('role', %s, false)"
_NOW: Final = "SELECT current_setting('role') AS role, current_setting('app.entities', true) AS own"
_WIDEN: Final = "SELECT set_config('role', %s, false) AS role WHERE current_user = %s"


def enter(entities: Collection[str] | None) -> None:
    """
    From here on the session sees the rows of these legal entities (codes), or with None all rows.
    Whoever calls it calls ``leave``; nested use is ``within``.
    """
    seen = "" if entities is None else ",".join(sorted(entities))
    sql.run(_ENTER, (seen, ALL if entities is None else SOME))


def leave() -> None:
    """Back to what the process signed in as. A session that cannot do it is closed."""
    try:
        sql.run(_ENTER, ("", "none"))
    except psycopg.Error:
        # In a broken transaction (a test's) the roll-back takes the setting with it.
        if not connection.in_atomic_block:
            connection.close()


@contextmanager
def within(entities: Collection[str] | None) -> Iterator[None]:
    """Like ``enter``, for a stretch; afterwards the session is as it was before."""
    before = sql.one(_NOW)
    assert before is not None
    enter(entities)
    try:
        yield
    finally:
        try:
            sql.run(_ENTER, (before.own or "", before.role))
        except psycopg.Error:
            leave()


@contextmanager
def widened() -> Iterator[None]:
    """
    For what a page of somebody with some entities has to store before it belongs to any of them,
    such as an event of our own. Where the session is no such page's, nothing changes.
    """
    row = sql.one("SELECT current_user = %s AS some", (SOME,))
    if row is None or not row.some:
        yield
        return
    with within(None):
        yield


@contextmanager
def behind_the_door() -> Iterator[None]:
    """
    For the rare thing that a door without a person has to do to rows of entities, such as opening
    a case about what it refused. Where the session is no door's, nothing changes.
    """
    widened = sql.one(_WIDEN, (ALL, DOOR)) is not None
    try:
        yield
    finally:
        if widened:
            leave()

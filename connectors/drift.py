"""
Where a connection's data differ from what its connector knows: looked for in samples, kept by
connection, kind of object and path, for the connection's page.

What a connector knows is in its ``fixtures/``. A field that appeared is no fault: it was added, or
nobody needed it yet. One that is missing or of another type is a fault once somebody reads it.

One kind of object may come in several types of events, some with less around it, such as one that
was asked for: a field is missed only in types of which there is a fixture, and only when all
fixtures of the kind have it. Members that the connector itself puts into a body (``own_members``)
say nothing of the system.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import psycopg

from connectors import registry
from connectors.contract import PayloadUnreadable
from connectors.shapes import Change, Difference, Known, compare, same_form
from revops.store import sql

_log = logging.getLogger(__name__)
# An event of a type is looked at that often, by each process.
EVERY_S: Final = 60.0
# What cannot be understood is always looked at, but not more of it in one batch.
_MOST_TROUBLED: Final = 5
# Differences of a connection that are kept: more say nothing more.
_MOST_KEPT: Final = 500
_PATH: Final = 300
_KIND: Final = 120

_looked: dict[tuple[int, str], float] = {}

_ADD: Final = """
INSERT INTO connectors_schemadrift AS held
       (connection_id, object_kind, path, change, known, seen, example, count,
        first_seen_at, last_seen_at)
SELECT %(connection)s, kind, path, change, known, seen, example, 1, now(), now()
  FROM unnest(%(kinds)s::text[], %(paths)s::text[], %(changes)s::text[], %(known)s::text[],
              %(seen)s::text[], %(examples)s::text[])
       AS told(kind, path, change, known, seen, example)
 WHERE (SELECT count(*) FROM connectors_schemadrift WHERE connection_id = %(connection)s)
       < %(most)s
ON CONFLICT (connection_id, object_kind, path, change, seen)
DO UPDATE SET count = held.count + 1, last_seen_at = excluded.last_seen_at,
              known = excluded.known, example = excluded.example
"""


def forget() -> None:
    """What this process looked at; for tests."""
    _looked.clear()


def look(
    connection_id: int, connector: Any, events: Sequence[tuple[str, bytes, bool]]
) -> Sequence[Difference]:
    """
    Look at some of these events, ``(type, body, troubled)``, and keep what differs. Not within a
    transaction; what goes wrong is logged, and stops nobody: the events are booked already.
    """
    chosen = _chosen(connection_id, events)
    if not chosen:
        return ()
    found: dict[tuple[str, Difference], None] = {}
    for body in chosen:
        try:
            for kind, difference in differences(connector, body):
                found[kind, difference] = None
        except Exception:  # a connector that fails at a body has told the line of it
            _log.exception("Drift of connection %s could not be looked for.", connection_id)
    if found:
        try:
            _keep(connection_id, found)
        except psycopg.Error:
            _log.warning("Drift of connection %s could not be kept.", connection_id)
    return [difference for _, difference in found]


def _chosen(connection_id: int, events: Iterable[tuple[str, bytes, bool]]) -> list[bytes]:
    now = time.monotonic()
    chosen: list[bytes] = []
    troubled_left = _MOST_TROUBLED
    for kind, body, troubled in events:
        place = (connection_id, kind)
        due = now - _looked.get(place, -EVERY_S) >= EVERY_S
        if not due and not (troubled and troubled_left):
            continue
        troubled_left -= not due
        _looked[place] = now
        chosen.append(body)
    return chosen


def differences(connector: Any, body: bytes) -> Iterable[tuple[str, Difference]]:
    # What is known of such a system is its connection's mapping: what that misses, the event tells.
    if getattr(connector, "by_mapping", False):
        return
    try:
        envelope = connector.open(body)
    except PayloadUnreadable:
        return
    known, types = _known(connector.manifest.slug)
    kind = known.get(envelope.object_type)
    if kind is None or not same_form(envelope.raw, kind):
        return
    for difference in compare(_theirs(connector, envelope.raw), kind):
        if difference.change is not Change.MISSING or envelope.type in types:
            yield envelope.object_type, difference


def _theirs(connector: Any, raw: Mapping[str, Any]) -> Mapping[str, Any]:
    own = getattr(connector, "own_members", ())
    return {name: value for name, value in raw.items() if name not in own}


@cache
def _known(slug: str) -> tuple[Mapping[str, Known], frozenset[str]]:
    """By kind of object, from the connector's recorded bodies; and these bodies' types."""
    connector = registry.get(slug)
    file = sys.modules[type(connector).__module__].__file__
    assert file is not None
    examples: dict[str, list[Any]] = {}
    types: set[str] = set()
    for path in sorted(Path(file).parent.glob("fixtures/*.json")):
        try:
            envelope = connector.open(path.read_bytes())
        except PayloadUnreadable:
            continue  # no event, such as an answer that a test reads
        types.add(envelope.type)
        theirs = _theirs(connector, envelope.raw)
        examples.setdefault(envelope.object_type, []).append(theirs)
    return {kind: Known.of(bodies) for kind, bodies in examples.items()}, frozenset(types)


def _keep(connection_id: int, found: Iterable[tuple[str, Difference]]) -> None:
    # Two that differ in their example alone are one row: the last one stands.
    rows = {
        (kind[:_KIND], one.path[:_PATH], one.change.value, one.seen): one for kind, one in found
    }
    values = {
        "connection": connection_id,
        "kinds": [key[0] for key in rows],
        "paths": [key[1] for key in rows],
        "changes": [key[2] for key in rows],
        "known": [one.known[:80] for one in rows.values()],
        "seen": [key[3] for key in rows],
        "examples": [one.example[:80] for one in rows.values()],
        "most": _MOST_KEPT,
    }
    with sql.atomic():
        sql.run(_ADD, values)

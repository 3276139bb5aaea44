"""The rows of a map as the grid shows them: what counts, what will, what did, what collides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from os.path import commonprefix
from typing import Any, Final

from revops.console.mappings.used import Use, used
from revops.mappings.changing import Slot
from revops.mappings.kinds import MapKind
from revops.mappings.models import ChangeRow, SetState
from revops.mappings.queries import Row, rows_of
from revops.store import sql

SOURCED: Final = frozenset({"tax-codes", "skus", "entities"})
"""Kinds whose rows are known to be used by a source."""
SOON: Final = timedelta(days=31)
OPEN_SETS: Final = (SetState.DRAFT, SetState.WAITING, SetState.SENT_BACK)
_ALIKE: Final = 3


@dataclass(frozen=True, slots=True)
class Listed:
    """
    A row with what it is today; ``cells`` are (label, value, words under it), ``sources`` the
    connections whose documents used it of late.
    """

    row: Row
    cells: Sequence[tuple[str, str, str]]
    state: str
    word: str
    times: int | None
    change: int | None = None
    sources: Sequence[str] = ()

    @property
    def since(self) -> date | None:
        return None if self.row.slot.since == date.min else self.row.slot.since


@dataclass(frozen=True, slots=True)
class Version:
    """The newest state of all maps."""

    pk: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Collision:
    """Two changes that are not in force yet and want the same days of one key."""

    key: str
    entity: str
    sides: Sequence[ChangeRow]


@dataclass(slots=True)
class Grid:
    """All of a kind at once; a page of it is cut by the view."""

    kind: MapKind
    current: list[Listed] = field(default_factory=list)
    scheduled: list[Listed] = field(default_factory=list)
    ended: list[Listed] = field(default_factory=list)
    conflicts: list[Collision] = field(default_factory=list)
    changing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    pending: Sequence[ChangeRow] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    entities: Mapping[str, str] = field(default_factory=dict)
    version: Version | None = None
    sources: Mapping[str, str] = field(default_factory=dict)


# What rows refer to, in one question: accounts, entities, connections, the newest version.
_NAMES: Final = """
SELECT 'account' AS what, code AS key, name, NULL::timestamptz AS at FROM mappings_ledgeraccount
UNION ALL
SELECT 'entity', code, name, NULL FROM mappings_legalentity
UNION ALL
SELECT 'source', slug, label, NULL FROM connectors_connection
UNION ALL
SELECT 'version', newest.id::text, '', newest.made_at FROM (
    SELECT id, made_at FROM mappings_mappingversion ORDER BY id DESC LIMIT 1
) AS newest
ORDER BY 2
"""


def furnished(kind: MapKind) -> Grid:
    """A grid without rows yet; one query."""
    found: dict[str, list[Any]] = {"account": [], "entity": [], "version": [], "source": []}
    for row in sql.rows(_NAMES):
        found[row.what].append(row)
    grid = Grid(kind)
    grid.names = {row.key: row.name for row in found["account"]}
    by_name = {
        what: {row.key: row.name for row in sorted(found[what], key=lambda row: str(row.name))}
        for what in ("entity", "source")
    }
    grid.entities = by_name["entity"]
    grid.sources = by_name["source"]
    for row in found["version"]:
        grid.version = Version(int(row.key), row.at)
    return grid


def fill(grid: Grid, *, on: date, words: str = "", entity: str = "", source: str = "") -> None:
    """Every row that matches; three queries at most. ``source`` is a connection's slug."""
    kind = grid.kind
    pending = list(
        ChangeRow.objects.filter(change_set__kind=kind.slug, change_set__state__in=OPEN_SETS)
        .select_related("change_set__made_by")
        .order_by("pk")
    )
    grid.pending = pending
    grid.changing = {(one.entity, one.key): one.change_set_id for one in pending}
    grid.conflicts = _collisions(kind, pending)
    colliding = {(one.entity, one.key) for one in grid.conflicts}
    times = used(kind)
    for row in rows_of(kind):
        if entity and row.entity != entity and row.slot.values.get("entity") != entity:
            continue
        one = _listed(kind, row, grid, on, times, colliding)
        if source and source not in one.sources:
            continue
        if words and not _matches(one, words.casefold()):
            continue
        if row.slot.covers(on):
            grid.current.append(one)
        elif row.slot.since > on:
            grid.scheduled.append(one)
        else:
            grid.ended.append(one)
    # What collides stands together on top, where it is seen.
    grid.current.sort(key=lambda one: one.state != "needs_attention")
    grid.ended.sort(key=lambda one: one.row.slot.end, reverse=True)


def _listed(
    kind: MapKind, row: Row, grid: Grid, on: date,
    times: Mapping[tuple[str, str], Use] | None, colliding: set[tuple[str, str]],
) -> Listed:  # fmt: skip
    place = (row.entity, row.key)
    use = None if times is None else times.get(place, Use())
    count = use.times if use else None
    state, word = "active", "Current"
    if place in colliding:
        state, word = "needs_attention", "Conflicting"
    elif row.slot.since > on:
        state, word = "not_due", "Scheduled"
    elif row.slot.end <= on:
        state, word = "skipped", "Ended"
    elif row.slot.until is not None and row.slot.until - on <= SOON:
        state, word = "late", "Ends soon"
    elif count == 0:
        state, word = "not_sent", "Unused"
    cells = [
        (column.label, _shown(column.choices, row.slot.values[column.name]),
         grid.names.get(row.slot.values[column.name], "") if column.sort == "account" else "")
        for column in kind.values
    ]  # fmt: skip
    sources = use.sources if use else _sources_of(kind, row)
    return Listed(row, cells, state, word, count, grid.changing.get(place), sources)


def _sources_of(kind: MapKind, row: Row) -> tuple[str, ...]:
    """Where nothing counts uses: the connection that a key begins with."""
    return (row.key.partition(".")[0],) if kind.slug == "entities" else ()


def _shown(choices: Mapping[str, str] | None, value: str) -> str:
    return (choices or {}).get(value, value)


def _matches(one: Listed, words: str) -> bool:
    texts = [one.row.key, one.row.entity, *(text for cell in one.cells for text in cell)]
    return any(words in text.casefold() for text in texts)


def _collisions(kind: MapKind, pending: Sequence[ChangeRow]) -> list[Collision]:
    held: dict[tuple[str, str], list[ChangeRow]] = defaultdict(list)
    for one in pending:
        held[one.entity, one.key].append(one)
    return [
        Collision(key, entity, sides)
        for (entity, key), sides in held.items()
        if not kind.added and len({one.change_set_id for one in sides}) > 1 and _overlap(sides)
    ]


def _overlap(sides: Sequence[ChangeRow]) -> bool:
    spans = sorted(
        (one.since or one.until or date.min, one.until if one.op == "set" else None)
        for one in sides
    )  # fmt: skip
    return any(
        (until or date.max) >= later
        for (_, until), (later, _) in zip(spans, spans[1:], strict=False)
    )


def proposal(rows: Sequence[Listed], *, key: str, entity: str) -> tuple[Mapping[str, str], str]:
    """
    What most of the codes say that are most alike in the same books, and how many of them say it.
    """
    alike: list[tuple[int, Slot]] = []
    for one in rows:
        if one.row.entity == entity and one.row.key != key:
            shared = len(commonprefix([one.row.key.casefold(), key.casefold()]))
            alike.append((shared, one.row.slot))
    most = max((shared for shared, _ in alike), default=0)
    sisters = [slot for shared, slot in alike if shared == most] if most >= _ALIKE else []
    if not sisters:
        return {}, "no sister code"
    said = Counter(tuple(sorted(slot.values.items())) for slot in sisters)
    values, count = said.most_common(1)[0]
    word = "code" if len(sisters) == 1 else "codes"
    if count * 2 <= len(sisters):
        return {}, f"{len(sisters)} sister {word} differ"
    return dict(values), f"{count} of {len(sisters)} sister {word}"

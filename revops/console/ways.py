"""From a record up to what it came from, and down to what it led to and the books."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from revops.lineage.kinds import KINDS
from revops.lineage.queries import Hop, Thread

# A page names so many; the thread has all of them.
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Ways:
    """
    ``up`` is the way to where it began, the nearest first; ``down`` what came of the record itself;
    ``journals`` the entries of the record and of everything that came of it.
    """

    up: Sequence[Hop] = ()
    down: Sequence[Hop] = ()
    journals: Sequence[Hop] = ()


def ways_of(thread: Thread | None, kind: str, id: int) -> Ways:
    """The ways of one record of a thread; none for one that the thread does not hold."""
    hops = thread.hops if thread is not None else ()
    records = {hop.key: hop for hop in hops if hop.kind in KINDS and hop.id}
    children: dict[str, list[str]] = {key: [] for key in records}
    for key, hop in records.items():
        for above in hop.after:
            if above in children:
                children[above].append(key)
    start = f"{kind}-{id}"
    if start not in records:
        return Ways()
    below = {start, *_walk(start, lambda key: children[key])}
    journals = [
        hop
        for hop in hops
        if hop.kind == "journal" and hop.id and hop.record and "{}-{}".format(*hop.record) in below
    ]
    return Ways(
        up=[records[key] for key in _walk(start, lambda key: _known(records, key))],
        down=[records[key] for key in children[start]][:_MOST],
        journals=journals[:_MOST],
    )


def _known(records: Mapping[str, Hop], key: str) -> list[str]:
    """What a record came from, of what the thread holds."""
    return [above for above in records[key].after if above in records]


def _walk(start: str, further: Callable[[str], Iterable[str]]) -> list[str]:
    """Everything on the way from ``start``, the nearest first; each once."""
    found: list[str] = []
    edge = [start]
    while edge:
        edge = [
            key
            for key in dict.fromkeys(each for one in edge for each in further(one))
            if key != start and key not in found
        ]
        found.extend(edge)
    return found

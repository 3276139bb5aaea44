"""
What a change does to the rows of a map, decided purely: what is kept, cut, ended and added.

A slot's ``until`` is the first day on which it no longer counts (None: open), as the database has
it. A change's ``until`` is its last day, as people say it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

_FOREVER: Final = date.max
_DAY: Final = timedelta(days=1)


class ChangeRefused(ValueError):
    """The change makes no sense where it is; ``column`` names what to correct."""

    def __init__(self, column: str, sentence: str) -> None:
        self.column = column
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Slot:
    """What a key means on the days of a range. ``pk`` is None for what is not stored yet."""

    values: Mapping[str, str]
    since: date
    until: date | None = None
    pk: int | None = None

    @property
    def end(self) -> date:
        return self.until or _FOREVER

    def covers(self, day: date) -> bool:
        return self.since <= day < self.end

    @property
    def last(self) -> date | None:
        """Its last day, as people say it."""
        return self.until - _DAY if self.until else None


@dataclass(frozen=True, slots=True)
class Change:
    """
    ``op``: ``set`` the key to ``values`` from ``since`` on, or ``end`` it with ``until``. Maps
    without days have ``date.min`` as ``since``.
    """

    op: str
    entity: str
    key: str
    since: date | None = None
    until: date | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, str]:
        return self.entity, self.key


def after(slots: Sequence[Slot], change: Change) -> list[Slot]:
    """
    The slots of one key after a change. What stood on the first day ends the day before; where the
    change has a last day, it goes on after that. A row that begins on that very day is corrected.

    Raises ChangeRefused when another row begins within the days of the change, when that is so
    already, and when there is nothing to end.
    """
    return _ended(slots, change) if change.op == "end" else _set(slots, change)


def touched(slots: Sequence[Slot], change: Change) -> list[Slot]:
    """What stands on the days of the change, for showing old beside new."""
    if change.op == "end" and change.since == date.min:
        return list(slots)
    if change.op == "end":
        return [one for one in slots if change.until and one.end > change.until + _DAY][:1]
    since, until = change.since or date.min, _end(change)
    return [one for one in slots if one.since < until and since < one.end]


def _set(slots: Sequence[Slot], change: Change) -> list[Slot]:
    if change.since is None:
        raise ChangeRefused("since", "Say from which day it is valid.")
    since, until = change.since, _end(change)
    if until <= since:
        raise ChangeRefused("until", f"It ends before it begins on {since}.")
    later = [one for one in slots if since < one.since < until]
    if later:
        raise ChangeRefused(
            "until",
            f"Another row of it begins on {later[0].since}. Let this one end on "
            f"{later[0].since - _DAY}, or change that one.",
        )
    kept = [one for one in slots if not one.covers(since)]
    standing = next((one for one in slots if one.covers(since)), None)
    made = Slot(dict(change.values), since, None if until == _FOREVER else until)
    if standing is not None:
        if dict(standing.values) == dict(change.values) and until == standing.end:
            raise ChangeRefused("values", "It is mapped like that already.")
        if standing.since < since:
            kept.append(replace(standing, until=since))
        elif standing.pk is not None:
            # Corrected in its place, so that what names the row keeps it.
            made = replace(made, pk=standing.pk)
        if until < standing.end:
            kept.append(replace(standing, since=until, pk=None))
    return sorted([*kept, made], key=lambda one: one.since)


def _ended(slots: Sequence[Slot], change: Change) -> list[Slot]:
    if change.since == date.min:
        # A map without days: what stands goes.
        if not slots:
            raise ChangeRefused("until", "Nothing is mapped that could end.")
        return []
    if change.until is None:
        raise ChangeRefused("until", "Say which day is its last.")
    cut = change.until + _DAY
    standing = next((one for one in slots if one.covers(change.until)), None)
    later = [one for one in slots if one.since >= cut]
    if standing is None and not later:
        raise ChangeRefused("until", f"Nothing is mapped on {change.until} that could end.")
    if standing is None:
        # What has not begun yet is taken back.
        return [one for one in slots if one is not later[0]]
    if standing.end <= cut:
        raise ChangeRefused("until", f"It ends on {standing.last} already.")
    return [replace(one, until=cut) if one is standing else one for one in slots]


def _end(change: Change) -> date:
    """The first day on which the change no longer counts."""
    if change.until is None or change.until >= _FOREVER:
        return _FOREVER
    return change.until + _DAY

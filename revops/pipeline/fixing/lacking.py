"""What a cause lacks in the maps, as a form: its fields, and values that would fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from exceptions.fixes import Control, Suggestion
from revops.mappings.changing import Change
from revops.mappings.kinds import Column, Known, MapKind
from revops.mappings.models import LedgerAccount, LegalEntity
from revops.mappings.operations.checking import Checked, check
from revops.mappings.queries import Row, rows_of, slots_of
from revops.pipeline.changes.gaps import Gap, gaps

# A rate belongs to one day and one pair: it is published on the page of rates.
FIXABLE: Final = frozenset({"tax-codes", "skus", "accounts", "entities"})
_PART: Final = re.compile(r"[^A-Za-z0-9]+|_")
_MOST: Final = 2


@dataclass(frozen=True, slots=True)
class Lack:
    """A gap with the day from which the blocked documents need it (``date.min``: no days)."""

    gap: Gap
    since: date

    @property
    def kind(self) -> MapKind:
        return self.gap.kind


def gap_of(cause_key: str, *, at: datetime) -> Gap | None:
    """The gap behind a cause; None for a cause of another sort, or when no case of it is left."""
    return next(iter(gaps(at=at, cause_key=cause_key)), None)


def lack_of(cause_key: str, *, at: datetime) -> Lack | None:
    """What the unresolved cases of a cause lack, and since when."""
    gap = gap_of(cause_key, at=at)
    if gap is None:
        return None
    if not gap.kind.dated:
        return Lack(gap, date.min)
    # The first day of the period of the first blocked document.
    return Lack(gap, gap.starts or gap.first_at.date().replace(day=1))


def change_of(lack: Lack, typed: Mapping[str, str]) -> tuple[Change, dict[str, str]]:
    """What was typed as a change of the map, and what is no day."""
    problems: dict[str, str] = {}
    values = {}
    for column in lack.kind.values:
        text = typed.get(column.name, "").strip()
        # An account is typed with its name behind it where the browser offers both.
        values[column.name] = text.split(" ")[0] if column.sort == "account" else text
    since: date | None = lack.since
    if lack.kind.dated and "since" in typed:
        try:
            since = date.fromisoformat(typed["since"].strip())
        except ValueError:
            since, problems["since"] = None, "Write the day as 2026-11-30."
    return Change("set", lack.gap.entity, lack.gap.key, since, None, values), problems


def checked_of(lack: Lack, change: Change) -> Checked:
    """Whether it makes sense in the maps as they are now."""
    return check(lack.kind, [change], held=slots_of(lack.kind), known=Known.now())


def controls(lack: Lack, typed: Mapping[str, str], problems: Mapping[str, str]) -> list[Control]:
    """The fields: what the cases say stands fixed, what a person decides is empty."""
    gap, kind = lack.gap, lack.kind
    found = [Control("key", kind.key.label, gap.key, fixed=True)]
    if gap.entity:
        found.append(Control("entity", "Legal entity", gap.entity_name, fixed=True))
    names = dict(LedgerAccount.objects.order_by("code").values_list("code", "name"))
    entities = list(LegalEntity.objects.order_by("code").values_list("code", "name"))
    for column in kind.values:
        value, problem = typed.get(column.name, ""), problems.get(column.name, "")
        if column.sort == "account":
            known = names.get(value.split(" ")[0], "") if value else ""
            found.append(
                Control(
                    column.name, column.label, value, "suggest", list(names.items()),
                    known or "Its number in the chart of accounts.", problem,
                )
            )  # fmt: skip
        elif column.sort in ("choice", "entity"):
            offered = _offered(column, entities)
            found.append(Control(column.name, column.label, value, "choice", offered, "", problem))
        else:
            found.append(Control(column.name, column.label, value, problem=problem))
    if kind.dated:
        found.append(
            Control(
                "since", "Effective from", typed.get("since", lack.since.isoformat()), "day",
                help="The period of the first document that waits.",
                problem=problems.get("since", "") or problems.get("until", ""),
            )
        )  # fmt: skip
    return found


def _offered(column: Column, entities: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    if column.sort == "entity":
        return [("", "Choose"), *entities]
    return list((column.choices or {}).items())


def suggestions(lack: Lack) -> list[Suggestion]:
    """What its like has, with how many of them: at most two."""
    gap, kind = lack.gap, lack.kind
    every = [row for row in rows_of(kind) if row.key != "*"]
    if kind.slug == "accounts":
        others = [row for row in every if row.key == gap.key and row.entity != gap.entity]
        return _ranked(kind, others, "other entities use it for this role")
    if kind.slug == "entities":
        connection = gap.key.partition(".")[0]
        others = [row for row in every if row.key.partition(".")[0] == connection]
        return _ranked(kind, others, "of what this source says belongs to it")
    day = lack.since
    mine = [row for row in every if row.entity == gap.entity and row.slot.covers(day)]
    for alike in _prefixes(gap.key):
        others = [row for row in mine if row.key.startswith(alike)]
        if others:
            noun = f"other {alike.rstrip('-_.')} {kind.noun}s" if alike else f"other {kind.noun}s"
            return _ranked(kind, others, f"{noun} of {gap.entity_name} use it")
    return []


def _prefixes(key: str) -> list[str]:
    """``US-WA-SVC`` → ``US-WA-``, ``US-``, “”."""
    ends = [found.end() for found in _PART.finditer(key)]
    return [key[:end] for end in reversed(ends)] + [""]


def _ranked(kind: MapKind, others: Sequence[Row], why: str) -> list[Suggestion]:
    said = Counter(
        tuple((name, value) for name, value in row.slot.values.items() if name != "label")
        for row in others
    )
    return [
        Suggestion(
            ", ".join(_word(kind, name, value) for name, value in values),
            f"{count} of {len(others)} {why}", dict(values),
        )
        for values, count in said.most_common(_MOST)
    ]  # fmt: skip


def _word(kind: MapKind, name: str, value: str) -> str:
    column = next(one for one in kind.values if one.name == name)
    return (column.choices or {}).get(value, value)

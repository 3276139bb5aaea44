"""Whether the rows of a change make sense: each one's texts, and all of them together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from revops.kernel.money import AmountInvalid, minor_digits
from revops.mappings.changing import Change, ChangeRefused, Slot, after, touched
from revops.mappings.kinds import CONSOLE, Column, Known, MapKind
from revops.mappings.models import PostsAs
from revops.mappings.queries import Place

_COUNTRY: Final = re.compile(r"[A-Z]{2}|\*")
_RATE: Final = re.compile(r"(?=.*[1-9])\d{1,12}(\.\d{1,12})?")
_PAIR: Final = re.compile(r"[A-Z]{3}\.[A-Z]{3}\.\d{4}-\d\d-\d\d")
_OLDEST_RATE: Final = 366


@dataclass(slots=True)
class Checked:
    """
    ``problems`` by row, then by column; ``before`` is what stood where each row goes. ``slots``
    are the map as it would be, of the places that the rows touch; ``held`` as it is.
    """

    problems: list[dict[str, str]] = field(default_factory=list)
    before: list[list[Slot]] = field(default_factory=list)
    slots: dict[Place, list[Slot]] = field(default_factory=dict)
    held: dict[Place, list[Slot]] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return not any(self.problems)


def check(
    kind: MapKind,
    changes: Sequence[Change],
    *,
    held: Mapping[Place, list[Slot]],
    known: Known,
    keys: Collection[str] | None = None,
) -> Checked:
    """
    Every row in order, each on what the rows before it leave. ``keys`` are those that the map can
    have, where not every text is one.
    """
    found = Checked()
    seen: dict[Place, int] = {}
    for number, change in enumerate(changes):
        problems = _texts(kind, change, known, keys)
        slots = found.slots.get(change.place, list(held.get(change.place, ())))
        found.held.setdefault(change.place, list(held.get(change.place, ())))
        found.before.append(touched(slots, change))
        if not problems:
            try:
                found.slots[change.place] = after(slots, change)
            except ChangeRefused as refused:
                told = str(refused)
                if change.place in seen:
                    told = f"{told} Row {seen[change.place] + 1} of this set is of it, too."
                problems[refused.column] = told
        seen[change.place] = number
        found.problems.append(problems)
    return found


def _texts(
    kind: MapKind, change: Change, known: Known, keys: Collection[str] | None
) -> dict[str, str]:
    problems: dict[str, str] = {}
    if change.op not in ("set", "end"):
        problems["op"] = f"“{change.op}” is nothing that can be done to a row: set or end."
    if change.entity not in known.entities and not (kind.whole and not change.entity):
        problems["entity"] = (
            f"There is no legal entity {change.entity}." if change.entity else "Which entity?"
        )
    if not kind.fixed and (told := _text(kind.key, change.key, known)):
        problems[kind.key.name] = told
    elif keys is not None and change.key not in keys:
        problems[kind.key.name] = f"“{change.key}” is nothing that can be mapped here."
    if change.op == "set":
        for column in kind.values:
            if told := _text(column, change.values.get(column.name, ""), known):
                problems[column.name] = told
        if change.values.get("posts_as") == PostsAs.DOCUMENTS and "connection" not in problems:
            slug = change.values["connection"]
            if slug not in known.documents:
                problems["posts_as"] = f"{slug} takes journals only."
    return problems


def _text(column: Column, text: str, known: Known) -> str:
    """Why a text is none of its column; nothing when it is."""
    name = column.label
    if not text:
        return "" if column.blank else f"{name} is missing."
    if "\x00" in text or len(text) > column.longest:
        return f"{name} has at most {column.longest} characters."
    match column.sort:
        case "entity" if text not in known.entities:
            return f"There is no legal entity {text}."
        case "rate" if not _RATE.fullmatch(text):
            return f"{name} is a positive number with a point."
        case "account" if text not in known.accounts:
            return f"The chart of accounts has no {text}."
        case "connection" if text != CONSOLE and text not in known.connections:
            return f"There is no connection {text}."
        case "connection" if text == CONSOLE and column.name != "owner":
            return "The console keeps no books."
        case "choice" if text not in (column.choices or {}):
            return f"{name} is one of {', '.join(column.choices or {})}."
        case "switch" if text not in ("yes", "no"):
            return f"{name} is yes or no."
        case "number" if not (text.isascii() and text.isdigit() and int(text) <= _OLDEST_RATE):
            return f"{name} is a number of days up to {_OLDEST_RATE}."
        case "currency":
            try:
                minor_digits(text)
            except AmountInvalid as error:
                return str(error)
    if column.name == "hint" and text.partition(".")[0] not in known.connections:
        return f"There is no connection {text.partition('.')[0]}."
    if column.name == "pair" and not _pair(text):
        return "Write it as EUR.USD.2026-11-20."
    if column.name == "country" and not _COUNTRY.fullmatch(text):
        return "A country has two capital letters; * is every other one."
    return ""


def _pair(text: str) -> bool:
    if not _PAIR.fullmatch(text):
        return False
    try:
        date.fromisoformat(text[8:])
        minor_digits(text[:3])
        minor_digits(text[4:7])
    except ValueError:
        return False
    return text[:3] != text[4:7]

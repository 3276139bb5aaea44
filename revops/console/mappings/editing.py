"""One row of a map as a form: what it begins with, and what was typed as a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import QueryDict

from revops.mappings.changing import Change
from revops.mappings.kinds import CONSOLE, Column, Known, MapKind


@dataclass(frozen=True, slots=True)
class Control:
    """A field of the form; without ``choices`` a text box. ``before`` is what stands now."""

    name: str
    label: str
    value: str
    choices: Sequence[tuple[str, str]] | None = None
    before: str = ""
    problem: str = ""
    sort: str = "text"
    blank: bool = False


@dataclass(slots=True)
class Editor:
    """
    A row in edit. ``pk`` is the row that it changes; None for a new one. ``problems`` by control,
    with ``op``, ``since``, ``until`` and ``values`` beside the columns'.
    """

    kind: MapKind
    entity: str = ""
    key: str = ""
    since: str = ""
    until: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    pk: int | None = None
    was: Mapping[str, str] = field(default_factory=dict)
    was_since: str = ""
    why: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    known: Known | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    entities: Mapping[str, str] = field(default_factory=dict)

    @property
    def controls(self) -> list[Control]:
        """Entity and key where they are not given by the row, the values, then the days."""
        found: list[Control] = []
        if self.pk is None:
            if self.kind.dated:
                offered = list(self.entities.items())
                if self.kind.whole:
                    offered = [("", "All entities"), *offered]
                found.append(self._control("entity", "Legal entity", self.entity, offered))
            if not self.kind.fixed:
                found.append(self._of(self.kind.key, self.key))
        for column in self.kind.values:
            found.append(self._of(column, self.values.get(column.name, "")))
        if self.kind.dated:
            found.append(self._control("since", "Valid from", self.since, sort="day"))
            found.append(self._control("until", "Valid to", self.until, sort="day", blank=True))
        return found

    @property
    def rest(self) -> list[str]:
        """What is wrong with the row as a whole."""
        own = {one.name for one in self.controls}
        return [text for name, text in self.problems.items() if name not in own]

    def _of(self, column: Column, value: str) -> Control:
        return self._control(
            column.name, column.label, value, self._choices(column), column.sort, column.blank
        )

    def _control(
        self, name: str, label: str, value: str, choices: Sequence[tuple[str, str]] | None = None,
        sort: str = "text", blank: bool = False,
    ) -> Control:  # fmt: skip
        before = self.was_since if name == "since" else self.was.get(name, "")
        return Control(
            name, label, value, choices, before if before != value else "",
            self.problems.get(name, ""), sort, blank,
        )  # fmt: skip

    def _choices(self, column: Column) -> Sequence[tuple[str, str]] | None:
        match column.sort:
            case "account":
                return [("", "Choose"), *((code, f"{code} {name}") for code, name in
                        self.names.items())]  # fmt: skip
            case "entity":
                return [("", "Choose"), *self.entities.items()]
            case "choice":
                return list((column.choices or {}).items())
            case "switch":
                return [("no", "No"), ("yes", "Yes")]
            case "connection":
                own = [(CONSOLE, "The console itself")] if column.name == "owner" else []
                known = self.known or Known.now()
                return [*own, *((slug, slug) for slug in known.connections)]
        return None


def typed(kind: MapKind, data: QueryDict) -> tuple[Change, dict[str, str]]:
    """What was typed, as a change, and what is no day."""
    problems: dict[str, str] = {}
    since = _day(data, "since", problems) if kind.dated else date.min
    until = _day(data, "until", problems) if kind.dated else None
    op = "end" if data.get("act") == "end" else "set"
    if op == "end":
        since = since if not kind.dated else None
    values = {column.name: _text(data, column.name) for column in kind.values}
    entity = _text(data, "entity") if kind.dated else ""
    key = kind.fixed or _text(data, "row-key") or _text(data, kind.key.name)
    return Change(op, entity, key, since, until, values if op == "set" else {}), problems


def _text(data: QueryDict, name: str) -> str:
    return data.get(name, "").strip()


def _day(data: QueryDict, name: str, problems: dict[str, str]) -> date | None:
    text = _text(data, name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        problems[name] = "Write the day as 2026-11-30."
        return None


def again(kind: MapKind, data: QueryDict, problems: Mapping[str, str], **more: Any) -> Editor:
    """The form as it was typed, with what is wrong."""
    pk = data.get("pk", "")
    return Editor(
        kind,
        entity=_text(data, "entity"),
        key=_text(data, "row-key") or _text(data, kind.key.name),
        since=_text(data, "since"),
        until=_text(data, "until"),
        values={column.name: _text(data, column.name) for column in kind.values},
        pk=int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 12 else None,
        problems=problems,
        **more,
    )

"""
A list's state lives in its address. Equal states have equal addresses: keys in one order, defaults
dropped, several values as a repeated key. An unknown key or a value that is no choice is ignored
and named in a notice, never an error.

    FILTERS = Filters(
        Key("q", label="Words"),
        Key("status", label="Status", many=True, choices={"open": "Open", ...}),
        Key("sort", default="-impact", choices={...}, chip=False),
    )
    state = FILTERS.read(request.GET)
    state.one("q"), state.all("status"), state.chips, state.address(request.path)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import urlencode

from django.http import QueryDict

_LONGEST_VALUE: Final = 200
_MOST_VALUES: Final = 50
# Where in the list one is; changing what is listed starts again at its first page.
PLACES: Final = ("page", "after", "before")


@dataclass(frozen=True, slots=True)
class Key:
    """
    One key of the address. ``choices`` maps each value to its word; ``accept`` takes a text and
    returns its canonical form or raises ValueError. ``chip`` shows it as a removable filter, in
    the words of ``said`` if given. As a control it is words, a ``number`` (typed under *More
    filters*) or a ``day``.
    """

    name: str
    label: str = ""
    default: str = ""
    many: bool = False
    choices: Mapping[str, str] | None = None
    accept: Callable[[str], str] | None = None
    chip: bool = True
    said: Callable[[str], str] | None = None
    typed: Literal["words", "number", "day"] = "words"

    def word(self, value: str) -> str:
        return self.said(value) if self.said else (self.choices or {}).get(value, value)


@dataclass(frozen=True, slots=True)
class Field:
    """A key as a control of the filter form; without choices it is a text box."""

    name: str
    label: str
    value: str
    choices: Mapping[str, str] | None
    has_default: bool
    typed: str = "words"


@dataclass(frozen=True, slots=True)
class Form:
    """The controls, and the rest of the state that the form sends along unseen."""

    fields: list[Field]
    hidden: list[tuple[str, str]]

    @property
    def more(self) -> list[Field]:
        """The numbers, which are put in force by one button."""
        return [field for field in self.fields if field.typed == "number"]

    @property
    def narrowed(self) -> bool:
        """Whether one of the numbers is in force."""
        return any(field.value for field in self.more)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on: its words, and the query of the list without it."""

    label: str
    word: str
    without: str


def whole_number(text: str) -> str:
    """A count or an amount of whole units. Raises ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ValueError("This is no whole number.")
    return str(int(text))


# The top bar writes these on every page, and every list has a place in itself.
SCOPE_KEYS: Final = (Key("entity", label="Legal entity", chip=False), Key("period", chip=False))
_PLACE_KEYS: Final = (
    Key("rows", chip=False, choices={"25": "25", "50": "50", "100": "100"}, default="25"),
    *(Key(name, chip=False) for name in PLACES),
)


@dataclass(frozen=True, slots=True)
class State:
    """What an address asked for, canonical; made by ``Filters.read``, changed by ``changed``."""

    keys: tuple[Key, ...]
    values: Mapping[str, tuple[str, ...]]
    ignored: tuple[str, ...] = ()

    def one(self, name: str) -> str:
        """The value, or the key's default."""
        return self.all(name)[0] if self.all(name) else self._key(name).default

    def all(self, name: str) -> tuple[str, ...]:
        """Every value that was asked for, in the key's own order; empty when none was."""
        self._key(name)
        return self.values.get(name, ())

    def changed(self, changes: Mapping[str, object]) -> State:
        """
        The state with some keys set anew (None, "" or empty removes one). Unless the change says
        where in the list to be, the list starts again at its first page.
        """
        gone = {*changes, *PLACES}
        values = {name: held for name, held in self.values.items() if name not in gone}
        for name, value in changes.items():
            texts = value if isinstance(value, list | tuple) else [value]
            kept = tuple(str(text) for text in texts if text not in (None, ""))
            if kept and kept != (self._key(name).default,):
                values[name] = kept
        return replace(self, values=values)

    @property
    def query(self) -> str:
        """The canonical query string, without its question mark."""
        return urlencode(
            [(key.name, value) for key in self.keys for value in self.values.get(key.name, ())]
        )

    def address(self, path: str) -> str:
        """The one address of this state."""
        return f"{path}?{self.query}" if self.query else path

    @property
    def chips(self) -> list[Chip]:
        """The filters that are on, each with the way to take it off."""
        shown = []
        for key in self.keys:
            held = self.values.get(key.name, ()) if key.chip else ()
            for value in held:
                rest = [other for other in held if other != value]
                without = self.changed({key.name: rest}).query
                shown.append(Chip(key.label or key.name, key.word(value), without))
        return shown

    def form(self, *names: str) -> Form:
        """
        What ``web/_filters.html`` takes: the named keys as controls, in that order. Of several
        values a control shows the first; the others go along and are taken off by their chips.
        """
        fields = []
        hidden = [
            (key.name, value)
            for key in self.keys
            for value in self.all(key.name)[1 if key.name in names else 0 :]
            if key.name not in PLACES
        ]
        for name in names:
            key = self._key(name)
            fields.append(
                Field(
                    name,
                    key.label or name,
                    self.one(name),
                    key.choices,
                    bool(key.default),
                    key.typed,
                )  # fmt: skip
            )
        return Form(fields, hidden)

    @property
    def cleared(self) -> State:
        """The same list with every filter off: what has a chip goes, view and order stay."""
        return self.changed({key.name: None for key in self.keys if key.chip})

    @property
    def notice(self) -> str:
        """A sentence about what was ignored, or nothing."""
        if not self.ignored:
            return ""
        return f"Ignored, because this list does not know it: {', '.join(self.ignored)}."

    def _key(self, name: str) -> Key:
        for key in self.keys:
            if key.name == name:
                return key
        raise LookupError(f"This list has no key “{name}”.")


class Filters:
    """The keys that one list knows, in the order of its addresses."""

    def __init__(self, *keys: Key) -> None:
        own = {key.name for key in keys}
        rest = (key for key in (*SCOPE_KEYS, *_PLACE_KEYS) if key.name not in own)
        self.keys = (*keys, *rest)

    def read(
        self, query: QueryDict, *, choices: Mapping[str, Mapping[str, str]] | None = None
    ) -> State:
        """``choices`` are those that only the moment knows, such as the owners of open cases."""
        offered = choices or {}
        keys = tuple(
            replace(key, choices=offered[key.name]) if key.name in offered else key
            for key in self.keys
        )
        values: dict[str, tuple[str, ...]] = {}
        ignored = [name for name in query if name not in {key.name for key in keys}]
        for key in keys:
            kept, refused = _accepted(key, query.getlist(key.name))
            if refused:
                ignored.append(key.name)
            if kept and kept != (key.default,):
                values[key.name] = kept
        return State(keys=keys, values=values, ignored=tuple(name[:40] for name in ignored))


def _accepted(key: Key, texts: list[str]) -> tuple[tuple[str, ...], bool]:
    """The values in canonical order, and whether one of them was no value of the key."""
    kept: list[str] = []
    refused = len(texts) > _MOST_VALUES
    for text in texts[:_MOST_VALUES]:
        value = text.strip()
        if not value:
            continue
        try:
            value = _checked(key, value)
        except ValueError:
            refused = True
            continue
        if value not in kept:
            kept.append(value)
    if key.choices is not None:
        order = list(key.choices)
        kept.sort(key=order.index)
    elif key.many:
        kept.sort()
    return tuple(kept if key.many else kept[-1:]), refused


def _checked(key: Key, value: str) -> str:
    if len(value) > _LONGEST_VALUE * (5 if key.name in PLACES else 1) or "\x00" in value:
        raise ValueError("Too long, or not text.")
    if key.choices is not None and value not in key.choices:
        raise ValueError("This is no choice.")
    return key.accept(value) if key.accept else value

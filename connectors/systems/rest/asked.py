"""
Reading what an admin typed as JSON: every wrong thing becomes a sentence that names its place, all
of them at once, and nothing raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from connectors.systems.rest import paths
from connectors.systems.rest.paths import Path
from revops.kernel import strict_json

LONGEST: Final = 60_000
MOST_ROWS: Final = 60
_T = TypeVar("_T")


class Problems(list[str]):
    """Sentences, each led by the place that it is about."""

    def tell(self, where: str, what: str) -> None:
        self.append(f"{where}: {what}." if where else f"{what[:1].upper()}{what[1:]}.")


@dataclass(frozen=True, slots=True)
class Node:
    """An object somewhere in the text; ``where`` leads to it, as in ``kinds[0].list``."""

    value: Mapping[str, Any]
    where: str
    problems: Problems

    @classmethod
    def of(cls, value: Any, where: str, problems: Problems) -> Node:
        """What is no object is told, and read as an empty one."""
        if not isinstance(value, dict):
            problems.tell(where, "this has to be an object, written as { … }")
            value = {}
        return cls(value, where, problems)

    def at(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def wrong(self, name: str, what: str) -> None:
        self.problems.tell(self.at(name) if name else self.where, what)

    def only(self, *names: str) -> None:
        """Tells of every member that is none of these."""
        for name in self.value:
            if name not in names:
                self.wrong("", f"“{name[:60]}” is not known; known are {', '.join(names)}")

    def has(self, name: str) -> bool:
        return self.value.get(name) is not None

    def text(self, name: str, default: str = "", *, needed: bool = False, most: int = 300) -> str:
        value = self.value.get(name)
        if value is None:
            if needed:
                self.wrong("", f"“{name}” is missing")
            return default
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            self.wrong(name, f"this has to be a text of 1 to {most} characters")
            return default
        return value.strip()

    def choice(self, name: str, choices: Sequence[str], default: str = "") -> str:
        value = self.text(name, default)
        if value and value not in choices:
            self.wrong(name, f"“{value[:60]}” is none of {', '.join(choices)}")
            return default
        return value

    def number(self, name: str, default: int, *, least: int = 0, most: int) -> int:
        value = self.value.get(name, default)
        if type(value) is not int or not least <= value <= most:
            self.wrong(name, f"this has to be a whole number from {least} to {most}")
            return default
        return value

    def flag(self, name: str) -> bool:
        value = self.value.get(name, False)
        if not isinstance(value, bool):
            self.wrong(name, "this has to be true or false")
        return value is True

    def path(self, name: str, *, needed: bool = False, many: bool = False) -> Path | None:
        """A path; one that leads to several things only where ``many`` are wanted."""
        text = self.text(name, needed=needed, most=paths.LONGEST)
        if not text:
            return None
        try:
            found = paths.parse(text)
        except paths.PathInvalid as error:
            self.wrong(name, str(error))
            return None
        if found.many and not many:
            self.wrong(name, f"“{text}” leads to several things; one is wanted")
            return None
        return found

    def node(self, name: str) -> Node | None:
        value = self.value.get(name)
        return None if value is None else Node.of(value, self.at(name), self.problems)

    def rows(self, name: str, *, needed: bool = False) -> Iterator[Node]:
        """The objects of a list."""
        for where, value in self.items(name, needed=needed):
            yield Node.of(value, where, self.problems)

    def items(self, name: str, *, needed: bool = False) -> list[tuple[str, Any]]:
        """(where it stands, it) of a list."""
        value = self.value.get(name)
        if value is None and not needed:
            return []
        if not isinstance(value, list) or (needed and not value) or len(value) > MOST_ROWS:
            least = 1 if needed else 0
            self.wrong(name, f"this has to be a list, [ … ], of {least} to {MOST_ROWS} of them")
            return []
        return [(f"{self.at(name)}[{place}]", one) for place, one in enumerate(value)]


def read(text: Any, build: Callable[[Node], _T]) -> tuple[_T | None, Problems]:
    """What ``build`` makes of the JSON text; None when anything is wrong, which is told."""
    problems = Problems()
    if not isinstance(text, str) or len(text) > LONGEST:
        problems.tell("", f"this has to be a JSON text of at most {LONGEST:,} characters")
        return None, problems
    try:
        value = strict_json.loads(text, max_bytes=4 * LONGEST)
    except strict_json.JsonRefused as error:
        problems.tell("", f"this cannot be read as JSON. {error}".rstrip("."))
        return None, problems
    made = build(Node.of(value, "", problems))
    return (None, problems) if problems else (made, problems)

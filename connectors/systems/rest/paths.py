"""
Where something stands in a system's JSON: a small language of our own. It is total (what is not
there is ABSENT, nothing raises when it is read) and bounded, and it can only look.

    customer.id          a member of a member
    lines[0].sku         an item of a list
    lines[].amount       of each item: the answer is a list
    "odd.name".value     a member whose name holds a dot, a bracket or a space
    $.currency           from the whole object, within "each"
    .                    the thing itself
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Literal

LONGEST: Final = 200
MOST_STEPS: Final = 16
MOST_ITEMS: Final = 2_000
_STEP: Final = re.compile(
    r'(?P<name>[^.\[\]"$\s{}][^.\[\]"\s{}]*)|"(?P<quoted>[^"]{1,100})"|\[(?P<index>[0-9]{0,4})\]'
)


class PathInvalid(ValueError):
    """The text is no path; the message says why."""


class Absent(Enum):
    """One of its own: null could be a value."""

    ABSENT = "absent"

    def __bool__(self) -> Literal[False]:
        return False


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Path:
    """``steps``: a name, the number of an item, or None for each item."""

    text: str
    steps: tuple[str | int | None, ...]
    whole: bool = False

    @property
    def many(self) -> bool:
        """Whether it leads to a list of what was found."""
        return None in self.steps

    def read(self, item: Any, whole: Any = ABSENT) -> Any:
        """
        What stands there, ABSENT when nothing or null does. Of a path that is ``many`` a list, at
        most MOST_ITEMS long, without what is absent. ``whole`` is what ``$`` stands for.
        """
        start = whole if self.whole and whole is not ABSENT else item
        if not self.many:
            return next(_walk(start, self.steps), ABSENT)
        found = []
        for one in _walk(start, self.steps):
            found.append(one)
            if len(found) >= MOST_ITEMS:
                break
        return found


@lru_cache(maxsize=2_048)
def parse(text: str) -> Path:
    """Raises PathInvalid."""
    if not text or len(text) > LONGEST:
        raise PathInvalid(f"a path has 1 to {LONGEST} characters")
    if text == ".":
        return Path(text, ())
    whole, rest = text.startswith("$"), text
    if whole:
        rest = text[1:].removeprefix(".")
        if not rest:
            return Path(text, (), True)
        if text[1] not in ".[":
            raise PathInvalid(f"“{text}” is no path: after $ comes a dot")
    steps: list[str | int | None] = []
    at = 0
    while at < len(rest):
        if steps and rest[at] == ".":
            at += 1
        elif steps and rest[at] != "[":
            raise PathInvalid(f"“{text}” is no path: a dot or [ has to stand before “{rest[at:]}”")
        found = _STEP.match(rest, at)
        if found is None or (steps and rest[at - 1] == "." and found["index"] is not None):
            raise PathInvalid(f"“{text}” is no path: it cannot be read from “{rest[at:] or '.'}”")
        if found["index"] is None:
            steps.append(found["name"] or found["quoted"])
        else:
            steps.append(int(found["index"]) if found["index"] else None)
        at = found.end()
    if rest.endswith("."):
        raise PathInvalid(f"“{text}” is no path: it ends with a dot")
    if len(steps) > MOST_STEPS:
        raise PathInvalid(f"“{text}” has more than {MOST_STEPS} steps")
    return Path(text, tuple(steps), whole)


def _walk(value: Any, steps: tuple[str | int | None, ...]) -> Iterator[Any]:
    for place, step in enumerate(steps):
        if step is None:
            if isinstance(value, list):
                for item in value[:MOST_ITEMS]:
                    yield from _walk(item, steps[place + 1 :])
            return
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return
            value = value[step]
        else:
            if not isinstance(value, Mapping) or step not in value:
                return
            value = value[step]
    if value is not None:
        yield value

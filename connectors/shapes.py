"""
Which fields a system's data have, and of what type: to notice when what comes differs from what a
connector was written for. Pure.

A path names members by dots and list items by ``[]``, as in ``data.lines[].amount``. Null says
nothing of a type. What people name themselves (``FREE``: metadata, custom fields) is left out.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

# Members whose content is named by those who use the system.
FREE: Final = frozenset(
    {"metadata", "meta_data", "custom_fields", "customfields", "previous_attributes", "changes",
     "attributes", "tags", "params", "extensions", "other_ids"}
)  # fmt: skip
# Fields that people add, by how they are called at Salesforce, Gainsight and Chargebee: that one is
# new says nothing of the system.
_ADDED: Final = re.compile(r"(?:^|\.)(?:cf_[^.]+|[^.]+__(?:c|r|gc|gr))$", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_MOST_PATHS: Final = 600
_DEEPEST: Final = 12
_LISTED: Final = 10
_LONGEST: Final = 60

Shape = Mapping[str, frozenset[str]]


class Change(enum.StrEnum):
    APPEARED = "appeared"
    MISSING = "missing"
    RETYPED = "retyped"


@dataclass(frozen=True, slots=True)
class Difference:
    """``known`` and ``seen`` are types in words; ``example`` is masked."""

    path: str
    change: Change
    known: str = ""
    seen: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """
    What is known of a kind of object. ``always`` are paths that all examples have; empty when
    there was only one example, which says little of what may be left out.
    """

    types: Shape
    always: frozenset[str]

    @classmethod
    def of(cls, examples: Iterable[Any]) -> Known:
        types: dict[str, set[str]] = {}
        seen: list[set[str]] = []
        for example in examples:
            found = shape(example)
            seen.append(set(found))
            for path, kinds in found.items():
                types.setdefault(path, set()).update(kinds)
        always = set.intersection(*seen) if len(seen) > 1 else set()
        return cls({path: frozenset(kinds) for path, kinds in types.items()}, frozenset(always))


def same_form(value: Any, known: Known) -> bool:
    """
    Whether most of its own members are known. A system may tell of one kind of object in several
    forms, such as whole when it is asked and thin by a webhook: another form is no drift.
    """
    if not isinstance(value, dict) or not value:
        return False
    return 2 * sum(str(name) in known.types for name in value) >= len(value)


def shape(value: Any) -> Shape:
    """Types by path; a path whose value is null has none."""
    found: dict[str, set[str]] = {}
    for path, inner in _walk(value, "", 0):
        kinds = found.setdefault(path, set())
        if inner is not None:
            kinds.add(_type(inner))
        if len(found) >= _MOST_PATHS:
            break
    return {path: frozenset(kinds) for path, kinds in found.items()}


def compare(value: Any, known: Known) -> list[Difference]:
    """How a value differs from what is known, each difference once."""
    came: dict[str, Any] = {}
    found: list[Difference] = []
    for path, inner in _walk(value, "", 0):
        if len(came) >= _MOST_PATHS:
            break
        if path in came and inner is None:
            continue
        came[path] = inner
    strange: set[str] = set()
    for path, inner in came.items():
        if path not in known.types:
            # Of a new object its name is enough.
            if any(path.startswith((f"{one}.", f"{one}[]")) for one in strange):
                continue
            strange.add(path)
            if not _ADDED.search(path):
                found.append(Difference(path, Change.APPEARED, "", _type(inner), mask(inner)))
        elif inner is not None and not _fits(inner, known.types[path]):
            words = " or ".join(sorted(known.types[path]))
            found.append(Difference(path, Change.RETYPED, words, _type(inner), mask(inner)))
    for path in sorted(known.always - came.keys()):
        parent = path.rpartition(".")[0].removesuffix("[]")
        if not path.endswith("[]") and (not parent or isinstance(came.get(parent), dict)):
            words = " or ".join(sorted(known.types[path]))
            found.append(Difference(path, Change.MISSING, words))
    return found


def mask(value: Any) -> str:
    """What a value looks like, without what it says: letters are x, digits 9."""
    if isinstance(value, dict):
        return f"{len(value)} members"
    if isinstance(value, list):
        return f"{len(value)} items"
    if value is None or isinstance(value, bool):
        return ""
    text = str(value)
    shown = "".join(
        "9" if one.isdigit() else "x" if one.isalpha() else one if one.isprintable() else " "
        for one in text[:_LONGEST]
    )
    return shown + ("…" if len(text) > _LONGEST else "")


def _fits(value: Any, known: frozenset[str]) -> bool:
    """A number may come as its text: bodies that a poll makes keep decimals so."""
    kind = _type(value)
    if not known or kind in known:
        return True
    return kind == "text" and "number" in known and _NUMBER.fullmatch(value) is not None


def _walk(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            here = f"{path}.{name}" if path else str(name)
            yield here, inner
            if str(name).lower() not in FREE:
                yield from _walk(inner, here, depth + 1)
    elif isinstance(value, list):
        for inner in value[:_LISTED]:
            yield f"{path}[]", inner
            yield from _walk(inner, f"{path}[]", depth + 1)


def _type(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes or no"
        case int() | float() | Decimal():
            return "number"
        case str():
            return "text"
        case dict():
            return "object"
        case _:
            return "list"

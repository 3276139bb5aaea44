"""Dataclasses out of parsed TOML; what does not fit is told in words, all of it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any, Final


def part(kind: type[Any], values: Any, where: str, problems: list[str]) -> Any:
    """``kind`` from a TOML table; unknown, missing and mistyped fields are problems."""
    lead = f"{where}: " if where else ""
    if not isinstance(values, dict):
        problems.append(f"{lead}must be a table")
        return None
    known = {item.name: item for item in fields(kind)}
    found = {key: tuple(item) if isinstance(item, list) else item for key, item in values.items()}
    wrong = [f"{lead}“{key}” is not known" for key in found if key not in known]
    wrong += [
        f"{lead}“{name}” is missing"
        for name, item in known.items()
        if name not in found and item.default is MISSING and item.default_factory is MISSING
    ]
    wrong += [
        f"{lead}“{key}” must be {_words(str(known[key].type))}"
        for key, value in found.items()
        if key in known and not _fits(value, str(known[key].type))
    ]
    problems += wrong
    return None if wrong else kind(**found)


_PLAIN: Final[Mapping[str, type]] = {"str": str, "bool": bool, "int": int, "float": float}


def _fits(value: Any, annotation: str) -> bool:
    names = [name.strip() for name in annotation.split("|")]
    plain = [name for name in names if name in _PLAIN]
    if not plain:
        return True  # an enum, a tuple or a part: read and checked by its own function
    if value is None:
        return "None" in names
    if isinstance(value, bool):
        return "bool" in plain
    if isinstance(value, int) and "float" in plain:
        return value >= 0
    return isinstance(value, tuple(_PLAIN[name] for name in plain))


def _words(annotation: str) -> str:
    return annotation.replace("str", "text").replace(" | None", "").replace("float", "a number")


def member(kind: type[StrEnum], value: Any, name: str, problems: list[str]) -> Any:
    try:
        return kind(value)
    except ValueError:
        problems.append(f"“{name}” is {value!r}, but must be one of {', '.join(kind)}")
        return None

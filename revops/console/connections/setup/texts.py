"""Settings that are a JSON text of many lines, as somebody reads them who is asked to agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from revops.kernel import strict_json

# Beyond so many places a table helps nobody: the settings page has all of it.
_MOST: Final = 40
_LONGEST: Final = 200
_BYTES: Final = 256 * 1024


def summary(text: str) -> str:
    """How much it is; blank of nothing."""
    lines = len(text.splitlines())
    if not lines:
        return ""
    return f"{lines:,} {'line' if lines == 1 else 'lines'}, as its settings page shows"


def changes(was: str, to: str) -> list[tuple[str, str, str]]:
    """(place, before, after) of each value that differs, in the order of the newer text."""
    before, after = _flat(was), _flat(to)
    places = [*after, *(place for place in before if place not in after)]
    found = [
        (place, before.get(place, ""), after.get(place, ""))
        for place in places
        if before.get(place) != after.get(place)
    ]
    more = len(found) - _MOST
    return [*found[:_MOST], ("and more", "", f"{more:,} places")] if more > 0 else found


def _flat(text: str) -> dict[str, str]:
    """Values by their place, as in ``kinds[0].list.path``."""
    try:
        value = strict_json.loads(text, max_bytes=_BYTES) if text.strip() else {}
    except strict_json.JsonRefused:
        return {"text": text[:_LONGEST]}
    return {place: _shown(one) for place, one in _walk(value, "")}


def _walk(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _walk(inner, f"{place}.{name}" if place else name)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{place}[{number}]")
    elif place:
        yield place, value


def _shown(value: Any) -> str:
    return value[:_LONGEST] if isinstance(value, str) else strict_json.dumps(value)[:_LONGEST]

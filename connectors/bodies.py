"""Bodies that systems send, read as JSON, and the ways to look into what was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.contract import PayloadUnreadable
from revops.kernel import strict_json

Json = Mapping[str, Any]


def read(body: bytes, *, max_bytes: int = strict_json.MAX_BYTES) -> Any:
    """Raises PayloadUnreadable."""
    try:
        return strict_json.loads(body, max_bytes=max_bytes)
    except strict_json.JsonRefused as error:
        raise PayloadUnreadable(str(error)) from error


def opened(body: bytes, *, what: str = "object") -> Json:
    """Raises PayloadUnreadable for what is none."""
    found = read(body)
    if not isinstance(found, Mapping):
        raise PayloadUnreadable(f"The body is no {what}.")
    return found


def part(value: Any) -> Json:
    """The object there, or an empty one: a way to read optional nested objects."""
    return value if isinstance(value, dict) else {}


def text(value: Any, limit: int = 2000) -> str:
    """What is no text is an empty one."""
    return value[:limit] if isinstance(value, str) else ""


def items(value: Any, *, system: str) -> Iterator[Json]:
    """The members of a list; nothing where there is none. Raises PayloadUnreadable."""
    if value is None:
        return
    if not isinstance(value, list | tuple):
        raise PayloadUnreadable(f"There is no list where {system} has one.")
    yield from objects(value)


def objects(found: list[Any] | tuple[Any, ...]) -> Iterator[Json]:
    """Raises PayloadUnreadable."""
    for item in found:
        if not isinstance(item, dict):
            raise PayloadUnreadable("A list holds something that is no object.")
        yield item

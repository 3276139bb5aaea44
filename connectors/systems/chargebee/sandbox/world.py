"""Every resource that the sandbox holds, by name and id, and the events that tell of them."""

from __future__ import annotations

import copy
import json
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from connectors.sandboxes import keeping

Obj = dict[str, Any]

_LINES_TOLD: Final = 10


class Missing(LookupError):
    """No resource of that id."""


class Refused(Exception):
    """Chargebee would answer with an error: status, ``api_error_code`` and ``param``."""

    def __init__(self, said: str, code: str, *, param: str = "", status: int = 400) -> None:
        super().__init__(said)
        self.code = code
        self.param = param
        self.status = status


class World:
    """Resources in their wire form, oldest first. ``listeners`` hear of each new event."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Obj]] = {}
        self.numbers: dict[str, int] = {}
        self.listeners: list[Callable[[Obj], None]] = []
        self.changed = False
        self._version = 0

    def reset(self) -> None:
        self.held.clear()
        self.numbers.clear()
        self.changed = True

    def save(self, path: Path) -> None:
        keeping.write(path, json.dumps([self.held, self.numbers]))
        self.changed = False

    def load(self, path: Path) -> None:
        self.held, self.numbers = json.loads(path.read_text(encoding="utf-8"))

    def add(self, name: str, obj: Obj, *, at: int) -> Obj:
        """Raises Refused for an id that is taken."""
        known = self.held.setdefault(name, {})
        if obj["id"] in known:
            raise Refused(
                f"The value {obj['id']} is already present.", "duplicate_entry", param="id"
            )
        known[obj["id"]] = self.touch(obj, at=at)
        return obj

    def touch(self, obj: Obj, *, at: int) -> Obj:
        """Changed at a second; versions are milliseconds and never repeat."""
        self._version = max(self._version + 1, at * 1000)
        self.changed = True
        obj.update(updated_at=at, resource_version=self._version)
        return obj

    def get(self, name: str, identity: str) -> Obj:
        """Raises Missing."""
        try:
            return self.held[name][identity]
        except KeyError:
            raise Missing(f"{identity} not found") from None

    def all(self, name: str) -> Iterator[Obj]:
        return iter(list(self.held.get(name, {}).values()))

    def latest(self, name: str, **having: Any) -> Obj:
        """The newest with these values. Raises Missing."""
        for obj in reversed(list(self.all(name))):
            if all(obj.get(key) == value for key, value in having.items()):
                return obj
        raise Missing(f"There is no {name.replace('_', ' ')} for that.")

    def number(self, name: str) -> int:
        self.numbers[name] = self.numbers.get(name, 0) + 1
        return self.numbers[name]

    def tell(self, kind: str, *, at: int, **content: Any) -> Obj:
        """Record an event with resources as they are now, and pass it to the listeners."""
        told = copy.deepcopy({name: part for name, part in content.items() if part})
        for name in ("invoice", "credit_note"):
            if name in told:
                told[name] = cut(told[name])
        event: Obj = {
            "id": f"ev_{secrets.token_hex(9)}",
            "occurred_at": at,
            "source": "api",
            "object": "event",
            "api_version": "v2",
            "content": told,
            "event_type": kind,
            "webhook_status": "scheduled",
        }
        self.held.setdefault("event", {})[event["id"]] = event
        self.changed = True
        for listener in self.listeners:
            listener(event)
        return event


def cut(document: Obj, *, start: int = 0, size: int = _LINES_TOLD) -> Obj:
    """A document with some of its lines, and where the next ones begin."""
    whole = document["line_items"]
    shown = whole[start : start + size]
    ids = {line["id"] for line in shown}
    told = {**document, "line_items": shown}
    for member in ("line_item_taxes", "line_item_discounts"):
        told[member] = [one for one in document.get(member, ()) if one["line_item_id"] in ids]
    if start + size < len(whole):
        told["line_items_next_offset"] = json.dumps([start + size])
    return told


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(8)}"


def moment(at: int | None = None) -> int:
    return int(time.time()) if at is None else int(at)

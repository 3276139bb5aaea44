"""Every object that the sandbox holds, by kind and id, and the events that tell of them."""

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

API_VERSION: Final = "2025-02-24.acacia"
# An event holds so many lines of an invoice; the rest has to be listed.
_LINES_TOLD: Final = 10


class Missing(LookupError):
    """No object of that id."""


class World:
    """
    Objects in their wire form, oldest first. ``listeners`` are called with each new event.

    ``of_payout`` maps a balance transaction to the payout that holds it; Stripe keeps that too
    without showing it on the transaction.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Obj]] = {}
        self.of_payout: dict[str, str] = {}
        self.answers: dict[str, tuple[str, int, str]] = {}
        self.listeners: list[Callable[[Obj], None]] = []
        self.changed = False

    def reset(self) -> None:
        self.objects.clear()
        self.of_payout.clear()
        self.answers.clear()
        self.changed = True

    def add(self, obj: Obj) -> Obj:
        self.objects.setdefault(obj["object"], {})[obj["id"]] = obj
        self.changed = True
        return obj

    def get(self, kind: str, identity: str) -> Obj:
        """Raises Missing."""
        try:
            return self.objects[kind][identity]
        except KeyError:
            raise Missing(f"No such {kind}: '{identity}'") from None

    def all(self, kind: str) -> Iterator[Obj]:
        """Oldest first."""
        return iter(self.objects.get(kind, {}).values())

    def latest(self, kind: str, **having: Any) -> Obj:
        """The newest object with these values. Raises Missing."""
        for obj in reversed(list(self.all(kind))):
            if all(obj.get(key) == value for key, value in having.items()):
                return obj
        raise Missing(f"There is no {kind} for that.")

    def tell(self, kind: str, obj: Obj, *, at: int, previous: Obj | None = None) -> Obj:
        """
        Record an event with the object as it is now, and pass it to the listeners. ``previous``:
        what of it was different before an update.
        """
        told = copy.deepcopy(obj)
        if "lines" in told:
            told["lines"]["has_more"] = len(told["lines"]["data"]) > _LINES_TOLD
            del told["lines"]["data"][_LINES_TOLD:]
        # Stripe gives a price's tiers to who asks for them only.
        told.pop("tiers", None)
        data = {"object": told}
        if previous:
            data["previous_attributes"] = copy.deepcopy(previous)
        event = self.add(
            {
                "id": new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": at,
                "data": data,
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
                "type": kind,
            }
        )
        for listener in self.listeners:
            listener(event)
        return event

    def save(self, path: Path) -> None:
        text = json.dumps({"objects": self.objects, "of_payout": self.of_payout})
        keeping.write(path, text)
        self.changed = False

    def load(self, path: Path) -> None:
        found = json.loads(path.read_text(encoding="utf-8"))
        self.objects = found["objects"]
        self.of_payout = found["of_payout"]


def new_id(prefix: str) -> str:
    """Random, so that objects of one run never look like those of another."""
    return f"{prefix}_{secrets.token_hex(9)}"


def moment(at: int | None = None) -> int:
    return int(time.time()) if at is None else at

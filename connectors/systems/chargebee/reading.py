"""A resource as it is now, in the form of an event: asked for when an event does not tell all."""

from __future__ import annotations

from typing import Any, Final

from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.systems.chargebee import entitlements, types, wire
from connectors.systems.chargebee.answers import Chargebee
from revops.kernel import strict_json
from revops.kernel.clock import now
from revops.kernel.keys import sha256

_LONG: Final = ("invoice", "credit_note")
_LINE_PAGES: Final = 50
_OF_LINES: Final = (
    "line_items",
    "line_item_taxes",
    "line_item_discounts",
    "line_item_tiers",
    "line_item_credits",
    "line_item_addresses",
)


async def fetch(site: Chargebee, name: str, identity: str) -> bytes | None:
    """As ``ObjectSource.fetch``; None for what is gone. Raises Problem."""
    if name not in types.RESOURCES or not identity or "/" in identity:
        return None
    content = await _content(site, name, identity)
    if content is None:
        return None
    at = int(now().timestamp())
    which = f"{name}:{identity}:{sha256(strict_json.dumps(content))[:16]}"
    if name == entitlements.NAME:
        # They have no version of their own: what was granted, taken and granted again is told anew.
        which = f"{which}:{at}"
    return strict_json.dumps(
        {
            "id": which,
            "event_type": f"{name}{types.READ}",
            "occurred_at": at,
            "api_version": "v2",
            "content": content,
        }
    ).encode()


async def _content(site: Chargebee, name: str, identity: str) -> dict[str, Any] | None:
    if name == entitlements.NAME:
        told = await entitlements.read(site, identity)
        return None if told is None else dict(told)
    found = await site.maybe(f"/{name}s/{identity}")
    if found is None:
        return None
    obj = dict(wire.part(found.get(name)))
    if name in _LONG:
        await _rest(site, name, identity, obj)
    return {name: obj}


async def _rest(site: Chargebee, name: str, identity: str, obj: dict[str, Any]) -> None:
    """All lines of a long document, with their taxes and discounts."""
    for _ in range(_LINE_PAGES):
        offset = wire.text(obj.pop("line_items_next_offset", ""), 1000)
        if not offset:
            return
        more = await site.get(f"/{name}s/{identity}", [("line_items_offset", offset)])
        told = wire.part(more.get(name))
        for member in _OF_LINES:
            obj[member] = [*wire.items(obj.get(member)), *wire.items(told.get(member))]
        if told.get("line_items_next_offset"):
            obj["line_items_next_offset"] = told["line_items_next_offset"]
    reason = f"Chargebee's {name} {identity} has more lines than can be read."
    raise Problem(Outcome.REFUSED, "too_long", reason)

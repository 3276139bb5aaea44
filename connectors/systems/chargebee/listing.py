"""Lists: ``{"list": [{"invoice": {…}}, …], "next_offset": "…"}``, at most 100 a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connectors.contract import Outcome, PayloadUnreadable, ProbeStep
from connectors.problem import Problem
from connectors.systems.chargebee import wire
from connectors.systems.chargebee.answers import Chargebee, Form
from connectors.systems.chargebee.wire import Json

PAGE_SIZE: Final = 100


async def page(
    site: Chargebee, path: str, name: str, query: Form = (), *, offset: str = ""
) -> tuple[Sequence[Json], str]:
    """Resources of that name, and the offset of the next page ("" at the end)."""
    params: list[tuple[str, Any]] = [*query, ("limit", PAGE_SIZE)]
    if offset:
        params.append(("offset", offset))
    found = await site.get(path, params)
    try:
        rows = [wire.part(row.get(name)) for row in wire.items(found.get("list"))]
    except PayloadUnreadable as error:
        raise Problem(Outcome.TRANSIENT, "garbled", str(error)) from error
    if "list" not in found or not all(rows):
        reason = f"Chargebee's answer is no list of “{name}”."
        raise Problem(Outcome.TRANSIENT, "garbled", reason)
    return rows, wire.text(found.get("next_offset"), 1000)


async def everything(
    site: Chargebee, path: str, name: str, query: Form = (), *, pages: int
) -> list[Json]:
    """All of a list; raises Problem when there is more than ``pages`` pages."""
    rows, offset = await page(site, path, name, query)
    found = list(rows)
    for _ in range(pages - 1):
        if not offset:
            return found
        rows, offset = await page(site, path, name, query, offset=offset)
        found += rows
    if offset:
        reason = f"Chargebee lists more than {len(found)} of “{name}”; too many to look at."
        raise Problem(Outcome.TRANSIENT, "too_many", reason)
    return found


async def probe(site: Chargebee) -> Sequence[ProbeStep]:
    """Read-only calls, in words. Never raises for what Chargebee or the network can do."""
    steps: list[ProbeStep] = []
    for label, path, name in (
        ("Sign in and list customers", "/customers", "customer"),
        ("List invoices", "/invoices", "invoice"),
        ("List events", "/events", "event"),
    ):
        try:
            found = await site.get(path, [("limit", 1)])
            rows = [wire.part(row.get(name)) for row in wire.items(found.get("list"))]
        except (Problem, PayloadUnreadable) as error:
            return [*steps, ProbeStep(label, passed=False, detail=str(error))]
        steps.append(ProbeStep(label, passed=True, detail=_in_words(name, rows)))
    return steps


def _in_words(name: str, rows: Sequence[Json]) -> str:
    if not rows:
        return f"There is no {name} yet."
    if name != "event":
        return f"The first {name} is {wire.text(rows[0].get('id'), 60)}."
    version = wire.text(rows[0].get("api_version")) or "an unknown version"
    return f"Events are written in {version} of the API."

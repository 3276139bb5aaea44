"""
Lists: ``{"@recordsetCount", "value": […], "@nextLink"}``, by ``$filter``, ``$top`` and ``$skip``.
Without a filter on ``date`` AvaTax looks back thirty days only, so each filter has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.contract import Outcome, PayloadUnreadable, ProbeStep
from connectors.problem import Problem
from connectors.systems.avalara import wire
from connectors.systems.avalara.answers import AvaTax, Query, at
from connectors.systems.avalara.wire import Json

PAGE: Final = 100
EVER: Final = "date ge '2000-01-01'"
CANCELLED: Final = "Cancelled"
COMMITTED: Final = "Committed"
TYPES: Final = ("SalesInvoice", "ReturnInvoice")


async def page(
    tax: AvaTax, company: str, *, where: str, order: str, skip: int, include: str = ""
) -> tuple[Sequence[Json], bool]:
    """Transactions of a company, and whether more follow."""
    query: Query = [("$filter", where), ("$orderBy", order), ("$top", PAGE), ("$skip", skip)]
    found = await tax.get(at(company), [*query, *([("$include", include)] if include else [])])
    try:
        rows = list(wire.items(found.get("value")))
    except PayloadUnreadable as error:
        raise Problem(Outcome.TRANSIENT, "garbled", str(error)) from error
    if "value" not in found:
        raise Problem(Outcome.TRANSIENT, "garbled", "AvaTax's answer is no list.")
    return rows, bool(found.get("@nextLink")) and bool(rows)


async def probe(tax: AvaTax) -> Sequence[ProbeStep]:
    """Read-only calls, in words. Never raises for what AvaTax or the network can do."""
    label = "Sign in"
    try:
        found = await tax.get("/utilities/ping")
    except Problem as problem:
        return [ProbeStep(label, passed=False, detail=problem.reason)]
    if found.get("authenticated") is not True:
        said = "AvaTax does not know the account number with this license key."
        return [ProbeStep(label, passed=False, detail=said)]
    version = wire.text(found.get("version"), 40) or "an unknown version"
    steps = [ProbeStep(label, passed=True, detail=f"AvaTax {version} knows the account.")]
    for entity, company in tax.companies.items():
        label = f"Read transactions of {company}, which is {entity}"
        try:
            rows, _ = await page(tax, company, where=EVER, order="id DESC", skip=0)
        except Problem as problem:
            return [*steps, ProbeStep(label, passed=False, detail=problem.reason)]
        newest = wire.text(rows[0].get("code"), 60) if rows else ""
        detail = f"The newest is {newest}." if newest else "There is none yet."
        steps.append(ProbeStep(label, passed=True, detail=detail))
    return steps

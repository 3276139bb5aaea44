"""
Contracts, from Salesforce's standard Contract and the activated orders under it.

A contract is signed when its status says so. Its orders, by their first day, say what was sold:
the first is the signing, each later one amends, or renews when its type says so. What is told is
the whole contract as it stands after the last of them, so nothing is lost when two come at once.
A renewal starts the items anew; an amendment adds to them, and reductions take away.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from connectors.contract import PayloadUnreadable
from connectors.systems.salesforce import lines, wire
from connectors.systems.salesforce.layout import Layout
from connectors.systems.salesforce.sales import changed_on, currency_of, iso
from connectors.systems.salesforce.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel.clock import local_date

ORDERS = "Orders"
ORDER_LINES = "OrderItems"


def events(record: Json, layout: Layout, zone: str) -> Sequence[EventData]:
    """Raises PayloadUnreadable or ContractBroken. Nothing for what was never signed."""

    def given(name: str) -> Any:
        found = wire.at(record, layout.get("contract_fields", name))
        return "" if found is None else found

    def day(name: str) -> date | None:
        return wire.day(given(name), field=layout.get("contract_fields", name) or name)

    orders = _activated(record)
    status = wire.text(given("status")).casefold()
    signed_on = day("signed_on") or _day_of(given("activated_at"), zone)
    cancelled_on = day("cancelled_on")
    cancelled = cancelled_on is not None or status in layout.contract_cancelled
    if not given("account") or (status not in layout.contract_signed and not cancelled):
        return []
    if cancelled and not (orders or signed_on):
        return []
    told = _contract(record, layout, orders, given)
    if cancelled:
        ended = {
            "effective_on": iso(cancelled_on or changed_on(record, zone)),
            "reason": given("reason"),
        }
        return [registry.read("contract.cancelled/1", told | ended)]
    if len(orders) < 2:
        when = signed_on or day("starts_on")
        return [registry.read("contract.signed/1", told | {"signed_on": iso(when)})]
    last = orders[-1]
    effective = {"effective_on": iso(_starts(last))}
    if _renews(last, layout):
        return [registry.read("contract.renewed/1", told | effective)]
    reason = {"reason": wire.text(last.get("Description"))}
    return [registry.read("contract.amended/1", told | effective | reason)]


def _contract(record: Json, layout: Layout, orders: Sequence[Json], given: Any) -> dict[str, Any]:
    code = currency_of(record, layout)
    bought = sold(record, layout, code)
    whole = given("total")
    starts_on = wire.day(given("starts_on"), field="StartDate")
    ends_on = wire.day(given("ends_on"), field="EndDate")
    if starts_on is None or ends_on is None:
        raise PayloadUnreadable("The contract has no start date or no end date.")
    told: dict[str, Any] = {
        "contract_id": record.get("Id"),
        "customer_id": given("account"),
        "opportunity_id": given("opportunity") or _opportunity(orders),
        "number": given("number"),
        "currency": code,
        "items": [line.item for line in bought],
        "total": lines.total(bought) if whole == "" else wire.minor(whole, code, field="total"),
        "starts_on": iso(starts_on),
        "ends_on": iso(ends_on),
        "legal_entity": given("legal_entity"),
    }
    terms = {
        name: wire.whole(given(name), field=name)
        for name in ("net_days", "billing_months")
        if given(name) != ""
    }
    return told | ({"terms": terms} if terms else {})


def sold(record: Json, layout: Layout, code: str) -> Sequence[lines.Line]:
    """What the contract comes to now: its orders since its last renewal, one line for each SKU."""
    orders = _activated(record)
    renewals = [place for place, order in enumerate(orders) if _renews(order, layout)]
    return lines.merged(
        line
        for order in orders[renewals[-1] if renewals else 0 :]
        for line in lines.read(order, ORDER_LINES, layout, "order_line_fields", code)
    )


def _activated(record: Json) -> list[Json]:
    """Orders that count, by their first day and then their number."""
    found = [
        order
        for order in wire.children(record, ORDERS)
        if order.get("StatusCode") == "Activated" and order.get("IsDeleted") is not True
    ]
    return sorted(found, key=lambda order: (_starts(order), wire.text(order.get("OrderNumber"))))


def _starts(order: Json) -> date:
    found = wire.day(order.get("EffectiveDate"), field="EffectiveDate")
    if found is None:
        raise PayloadUnreadable("An activated order has no start date.")
    return found


def _renews(order: Json, layout: Layout) -> bool:
    return wire.text(order.get("Type")).casefold() in layout.renewal_types


def _opportunity(orders: Sequence[Json]) -> str:
    named = (wire.text(order.get("OpportunityId"), 120) for order in orders)
    return next((identity for identity in named if identity), "")


def _day_of(value: Any, zone: str) -> date | None:
    """The day of an instant; custom fields in its place may hold a day."""
    if value == "":
        return None
    if isinstance(value, str) and len(value) == 10:
        return wire.day(value, field="activated_at")
    return local_date(wire.instant(value, field="activated_at"), zone)

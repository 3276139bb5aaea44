"""Opportunities and quotes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from connectors.contract import PayloadUnreadable
from connectors.systems.salesforce import lines, wire
from connectors.systems.salesforce.layout import Layout
from connectors.systems.salesforce.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel.clock import local_date

OPPORTUNITY_LINES = "OpportunityLineItems"


def opportunity(record: Json, layout: Layout) -> Sequence[EventData]:
    """
    The opportunity as it is: open, won or lost. One without an account is nobody's yet.

    Won and lost are what Salesforce says they are, whatever the stages are called.
    """

    def given(name: str) -> Any:
        found = wire.at(record, layout.get("opportunity_fields", name))
        return "" if found is None else found

    if not given("account"):
        return []
    code = currency_of(record, layout)
    sold = lines.read(record, OPPORTUNITY_LINES, layout, "line_fields", code)
    amount = given("amount")
    closes_on = wire.day(given("closes_on"), field="CloseDate")
    told = {
        "opportunity_id": record.get("Id"),
        "customer_id": given("account"),
        "name": given("name"),
        "stage": given("stage"),
        "currency": code,
        "amount": lines.total(sold) if amount == "" else wire.minor(amount, code, field="Amount"),
        "closes_on": iso(closes_on),
        "owner": given("owner"),
        "kind": given("kind"),
        "legal_entity": given("legal_entity"),
    }
    closed, won = _flag(record, "IsClosed"), _flag(record, "IsWon")
    if not closed:
        return [registry.read("opportunity.updated/1", told)]
    if not won:
        lost = {"lost_on": iso(closes_on), "reason": given("loss_reason")}
        return [registry.read("opportunity.lost/1", told | lost)]
    what = {
        "won_on": iso(closes_on),
        "items": [line.item for line in sold],
        "starts_on": iso(wire.day(given("starts_on"), field="starts_on")),
        "ends_on": iso(wire.day(given("ends_on"), field="ends_on")),
    }
    return [registry.read("opportunity.won/1", told | what)]


def quote(record: Json, layout: Layout, zone: str) -> Sequence[EventData]:
    """A quote of an opportunity, once it is accepted. Without a field for the day: its change's."""

    def given(name: str) -> Any:
        found = wire.at(record, layout.get("quote_fields", name))
        return "" if found is None else found

    accepted = wire.text(given("status")).casefold() in layout.quote_accepted
    if not accepted or not given("opportunity"):
        return []
    code = currency_of(record, layout)
    sold = lines.read(record, layout.quote_lines, layout, "quote_line_fields", code)
    whole = given("total")
    on = wire.day(given("accepted_on"), field="accepted_on") or changed_on(record, zone)
    told = {
        "quote_id": record.get("Id"),
        "opportunity_id": given("opportunity"),
        "number": given("number"),
        "currency": code,
        "amount": lines.total(sold) if whole == "" else wire.minor(whole, code, field="total"),
        "items": [line.item for line in sold],
        "accepted_on": iso(on),
    }
    return [registry.read("quote.accepted/1", told)]


def currency_of(record: Json, layout: Layout) -> str:
    """Raises PayloadUnreadable when a record of many currencies names none."""
    if not layout.multi_currency:
        return wire.currency(layout.currency)
    return wire.currency(record.get("CurrencyIsoCode"))


def changed_on(record: Json, zone: str) -> date:
    changed = wire.instant(record.get("SystemModstamp"), field="SystemModstamp")
    return local_date(changed, zone)


def iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _flag(record: Json, name: str) -> bool:
    found = record.get(name)
    if not isinstance(found, bool):
        raise PayloadUnreadable(f"“{name}” is neither true nor false.")
    return found

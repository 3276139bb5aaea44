"""What is asked of ``/api/v2``: lists and resources read, and what a POST makes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from connectors.systems.chargebee.sandbox import entitling
from connectors.systems.chargebee.sandbox.business import Business, shown
from connectors.systems.chargebee.sandbox.world import Missing, Obj, Refused, World, cut, moment

_LISTS: Final = {
    "customers": "customer",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "credit_notes": "credit_note",
    "transactions": "transaction",
    "unbilled_charges": "unbilled_charge",
    "items": "item",
    "item_prices": "item_price",
    "events": "event",
}
_FILTER: Final = re.compile(r"([a-z_]+)\[(is|after|before|on|in)\]")
_SORT: Final = re.compile(r"sort_by\[(asc|desc)\]")
_INDEXED: Final = re.compile(r"([a-z_]+)\[([a-z_]+)\]\[([0-9]+)\]")
_OFTEN: Final = 100

Given = Mapping[str, str]


def read(world: World, path: str, given: Given) -> Obj:
    """Raises Missing or Refused."""
    name, _, identity = path.partition("/")
    identity, _, below = identity.partition("/")
    if below and (name, below) in entitling.LISTS:
        return _paged(entitling.LISTS[name, below](world, identity), below.removesuffix("s"), given)
    resource = None if below else _LISTS.get(name)
    if resource is None:
        raise Missing(f"{path} not found")
    if identity:
        found = world.get(resource, identity)
        if "line_items" in found:
            offset = given.get("line_items_offset")
            found = cut(found, start=json.loads(offset)[0] if offset else 0)
        return {resource: shown(found)}
    return _list(world, resource, given)


def _list(world: World, resource: str, given: Given) -> Obj:
    """The newest first, unless it is sorted otherwise."""
    rows = [row for row in world.all(resource) if _fits(row, given)]
    sorts = [(found[1], by) for name, by in given.items() if (found := _SORT.fullmatch(name))]
    for way, by in sorts:
        rows = _sorted(rows, by, newest_first=way == "desc")
    if not sorts:
        rows.reverse()
    return _paged(rows, resource, given)


def _paged(rows: list[Obj], resource: str, given: Given) -> Obj:
    limit = int(given.get("limit", "10"))
    if not 1 <= limit <= _OFTEN:
        raise Refused("limit : should be between 1 and 100", "param_wrong_value", param="limit")
    start = json.loads(given["offset"])[0] if "offset" in given else 0
    page = rows[start : start + limit]
    told: Obj = {"list": [{resource: shown(row)} for row in page]}
    if start + limit < len(rows):
        told["next_offset"] = json.dumps([start + limit])
    return told


def _sorted(rows: list[Obj], by: str, *, newest_first: bool) -> list[Obj]:
    return sorted(rows, key=lambda row: row.get(by, 0), reverse=newest_first)


def _fits(row: Obj, given: Given) -> bool:
    for name, value in given.items():
        found = _FILTER.fullmatch(name)
        if found is None:
            continue
        held = row.get(found[1])
        if found[2] == "is" and str(held) != value:
            return False
        if found[2] == "after" and not (held is not None and held > int(value)):
            return False
        if found[2] == "before" and not (held is not None and held < int(value)):
            return False
    return True


def write(business: Business, path: str, given: Given) -> Obj:
    """Raises Missing or Refused."""
    steps = path.split("/")
    if steps == ["customers"]:
        return {"customer": _customer(business, given)}
    if len(steps) == 3 and steps[0] == "customers" and steps[2] == "subscription_for_items":
        made = _subscription(business, steps[1], given)
        who = business.world.get("customer", steps[1])
        return {"subscription": shown(made), "customer": who}
    if steps == ["unbilled_charges"]:
        return {"unbilled_charges": [_charge(business, given)]}
    if steps == ["credit_notes"]:
        return {"credit_note": _note(business, given)}
    if len(steps) == 3 and steps[0] == "credit_notes" and steps[2] == "void":
        return {"credit_note": business.void_credit(steps[1])}
    raise Missing(f"{path} not found")


def indexed(given: Given, name: str) -> list[dict[str, str]]:
    """``charges[amount][0]=…`` as a list."""
    found: dict[int, dict[str, str]] = {}
    for key, value in given.items():
        match = _INDEXED.fullmatch(key)
        if match and match[1] == name:
            found.setdefault(int(match[3]), {})[match[2]] = value
    return [found[place] for place in sorted(found)]


def _customer(business: Business, given: Given) -> Obj:
    plain: dict[str, Any] = {name: value for name, value in given.items() if name != "meta_data"}
    return business.create_customer(**plain, meta_data=_json(given.get("meta_data", "")))


def _subscription(business: Business, customer: str, given: Given) -> Obj:
    items = [
        (item["item_price_id"], int(item.get("quantity", "1")))
        for item in indexed(given, "subscription_items")
    ]
    known = business.world.held.get("item_price", {})
    missing = [price for price, _ in items if price not in known]
    if missing or not items:
        raise Refused(
            f"{', '.join(missing)} not found", "resource_not_found",
            param="subscription_items[item_price_id]", status=404,
        )  # fmt: skip
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,50}", given.get("id", "x")):
        raise Refused("id : invalid", "param_wrong_value", param="id")
    return business.subscribe(
        customer,
        items=items,
        pays=None if given.get("auto_collection") == "off" else True,
        net_term_days=int(given.get("net_term_days", "0")),
        id=given.get("id", ""),
        meta_data=_json(given.get("meta_data", "")),
    )


def _charge(business: Business, given: Given) -> Obj:
    subscription = business.world.get("subscription", given["subscription_id"])
    (charge,) = indexed(given, "charges")
    amount = int(charge["amount"])
    if amount <= 0 or len(charge["description"]) > 250:
        raise Refused("amount : should be greater than 0", "param_wrong_value", param="amount")
    when = moment()
    line = business.line(
        entity="", amount=amount, start=int(charge.get("date_from", when)),
        end=int(charge.get("date_to", when)), subscription=subscription["id"],
        description=charge["description"],
    )  # fmt: skip
    made = business.world.add(
        "unbilled_charge",
        {
            **line, "object": "unbilled_charge", "customer_id": subscription["customer_id"],
            "currency_code": given["currency_code"], "is_voided": False, "deleted": False,
        },
        at=when,
    )  # fmt: skip
    business.world.tell("unbilled_charges_created", at=when, unbilled_charges=[made])
    return made


def _note(business: Business, given: Given) -> Obj:
    lines = [
        (line["reference_line_item_id"], int(line["amount"]), line.get("description", ""))
        for line in indexed(given, "line_items")
    ]
    return business.credit(
        given["reference_invoice_id"], lines=lines, kind=given["type"],
        reason=given["create_reason_code"],
    )  # fmt: skip


def _json(text: str) -> Any:
    return json.loads(text) if text else None

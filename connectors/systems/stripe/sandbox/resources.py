"""The resources under ``/v1``: which exist, how they are listed, and what a POST does."""

from __future__ import annotations

import copy
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from connectors.sandboxes.faults import Faults
from connectors.systems.stripe.sandbox import search
from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.stripe.sandbox.cash import Refused
from connectors.systems.stripe.sandbox.creating import Creating
from connectors.systems.stripe.sandbox.faults import SEARCH
from connectors.systems.stripe.sandbox.objects import listed
from connectors.systems.stripe.sandbox.world import Missing, Obj, World, moment

_KINDS: Final[Mapping[str, str]] = {
    "balance_transactions": "balance_transaction",
    "charges": "charge",
    "credit_notes": "credit_note",
    "customers": "customer",
    "disputes": "dispute",
    "events": "event",
    "invoiceitems": "invoiceitem",
    "invoices": "invoice",
    "payment_intents": "payment_intent",
    "payouts": "payout",
    "prices": "price",
    "products": "product",
    "refunds": "refund",
    "subscriptions": "subscription",
    "tax_rates": "tax_rate",
    "webhook_endpoints": "webhook_endpoint",
}
# Which object a reference on another one names, for ``expand[]``.
_REFERENCES: Final[Mapping[str, str]] = {
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "customer": "customer",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "subscription": "subscription",
}
_SEARCHED: Final = frozenset(("customers", "invoices", "prices", "products", "subscriptions"))
_PARTS: Final = frozenset(
    (("invoices", "lines"), ("credit_notes", "lines"), ("customers", "balance_transactions"))
)
_SIGNS: Final = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
_FILTERS: Final = (
    "charge",
    "customer",
    "invoice",
    "payment_intent",
    "product",
    "status",
    "subscription",
    "type",
)


class Resources:
    def __init__(self, world: World, business: Business, faults: Faults) -> None:
        self._world = world
        self._business = business
        self._faults = faults
        make = Creating(world, business)
        self._preview = make.preview
        self._posts: Mapping[str, Callable[[dict[str, Any]], Obj]] = {
            "credit_notes": make.credit_note,
            "customers": make.customer,
            "invoiceitems": make.item,
            "invoices": make.invoice,
            "payment_intents": make.intent,
            "payouts": lambda given: business.pay_out(currency=given["currency"]),
            "prices": make.price,
            "products": make.product,
            "refunds": make.refund,
            "subscriptions": make.subscription,
        }
        self._actions: Mapping[tuple[str, str], Callable[[str], Obj]] = {
            ("credit_notes", "void"): business.void_credit,
            ("invoices", "finalize"): business.finalize,
            ("invoices", "mark_uncollectible"): business.write_off,
            ("invoices", "pay"): business.pay,
            ("invoices", "void"): business.void,
            ("payment_intents", "confirm"): make.confirm,
        }

    def handle(self, method: str, path: str, given: dict[str, Any]) -> Obj:
        """Raises Missing, Refused, or ValueError and its kin for what cannot be read."""
        expand = given.pop("expand", [])
        expand = [expand] if isinstance(expand, str) else expand
        found = self._route(method, path, given)
        found = copy.deepcopy(found)
        for wanted in expand:
            self._expand(found, str(wanted).split("."))
        for item in found["data"] if found.get("object") == "list" else [found]:
            if item.get("object") == "webhook_endpoint":
                item.pop("secret", None)
            if item.get("object") == "price" and not {"tiers", "data.tiers"} & set(expand):
                item.pop("tiers", None)
        return found

    def _route(self, method: str, path: str, given: dict[str, Any]) -> Obj:
        name, _, rest = path.strip("/").partition("/")
        identity, _, action = rest.partition("/")
        if method == "GET" and name == "balance" and not rest:
            return self._balance()
        if method == "POST" and not rest and name in self._posts:
            return self._posts[name](given)
        if method == "POST" and (name, action) in self._actions:
            return self._actions[name, action](identity)
        if method == "POST" and name == "customers" and identity and not action:
            return self._business.update_customer(identity, **given)
        if method == "GET" and (name, rest) == ("credit_notes", "preview"):
            return self._preview(given)
        if method == "GET" and rest == "search" and name in _SEARCHED:
            lag = self._faults.hit("search_lag", SEARCH)
            late = int(lag.seconds) if lag else 0
            rows = self._world.all(_KINDS[name])
            return search.result(name, rows, given, before=moment() - late if late else None)
        if method == "GET" and name in _KINDS and not rest:
            return self._list(name, given)
        if method == "GET" and name in _KINDS and not action:
            return self._world.get(_KINDS[name], identity)
        if method == "GET" and (name, action) in _PARTS:
            return self._page(self._parts(name, identity), f"/v1/{name}/{identity}/{action}", given)
        raise Missing(f"Unrecognized request URL ({method}: /v1{path}).")

    def _parts(self, name: str, identity: str) -> list[Obj]:
        """Lines of a document, or what changed a customer's balance, newest first."""
        found = self._world.get(_KINDS[name], identity)
        if name != "customers":
            lines: list[Obj] = found["lines"]["data"]
            return lines
        changes = self._world.all("customer_balance_transaction")
        return [item for item in changes if item["customer"] == identity][::-1]

    def _list(self, name: str, given: dict[str, Any]) -> Obj:
        found = list(self._world.all(_KINDS[name]))[::-1]
        # Stripe sorts by creation; a demo's past may be written after its present.
        found.sort(key=lambda item: int(item.get("created", 0)), reverse=True)
        bounds = given.get("created", {})
        if isinstance(bounds, str):
            bounds = {"gte": bounds, "lte": bounds}
        for sign, bound in bounds.items():
            within = _SIGNS[sign]
            found = [item for item in found if within(item["created"], int(bound))]
        if "payout" in given:
            held = self._world.of_payout
            found = [item for item in found if held.get(item["id"]) == given["payout"]]
        if isinstance(given.get("types"), list):
            found = [item for item in found if item["type"] in given["types"]]
        for key in _FILTERS:
            if key in given and (key, given[key]) != ("status", "all"):
                found = [item for item in found if item.get(key) == given[key]]
        return self._page(found, f"/v1/{name}", given)

    def _page(self, found: list[Obj], url: str, given: dict[str, Any]) -> Obj:
        limit = int(given.get("limit", 10))
        if not 1 <= limit <= 100:
            raise Refused("limit must be between 1 and 100", code="parameter_invalid_integer")
        places = {item["id"]: place for place, item in enumerate(found)}
        start, end = 0, len(found)
        if "starting_after" in given:
            start = _place(places, given["starting_after"]) + 1
            end = min(len(found), start + limit)
        elif "ending_before" in given:
            end = _place(places, given["ending_before"])
            start = max(0, end - limit)
            return listed(url, found[start:end], more=start > 0)
        page = found[start : min(end, start + limit)]
        return listed(url, page, more=start + limit < len(found))

    def _expand(self, found: Any, steps: list[str]) -> None:
        if isinstance(found, list):
            for item in found:
                self._expand(item, steps)
            return
        if not isinstance(found, dict) or not steps:
            return
        value = found.get(steps[0])
        if isinstance(value, str):
            kind = _source_kind(value) if steps[0] == "source" else _REFERENCES.get(steps[0])
            if kind is None:
                raise Refused(f"This property cannot be expanded ({steps[0]}).")
            value = found[steps[0]] = copy.deepcopy(self._world.get(kind, value))
        self._expand(value, steps[1:])

    def _balance(self) -> Obj:
        sums: dict[str, int] = {}
        for item in self._world.all("balance_transaction"):
            sums[item["currency"]] = sums.get(item["currency"], 0) + item["net"]
        available = [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in sorted(sums.items())
        ]
        return {"object": "balance", "available": available, "livemode": False, "pending": []}


def _place(places: Mapping[str, int], identity: str) -> int:
    if identity not in places:
        raise Refused(f"No such object: '{identity}'", code="resource_missing")
    return places[identity]


def _source_kind(identity: str) -> str:
    prefix = re.match(r"[a-z]+", identity)
    kinds = {"ch": "charge", "dp": "dispute", "po": "payout", "re": "refund"}
    return kinds.get(prefix[0] if prefix else "", "charge")

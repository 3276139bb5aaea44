"""
Stories for a demo or a rehearsal, played by ``POST /_control/scenario/<name>`` with JSON.

Ids may be left out: the newest object for which the step makes sense is taken (and any customer).
``at`` (epoch seconds) puts a story into the past.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

from connectors.systems.stripe.sandbox import objects
from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.stripe.sandbox.prices import price_of
from connectors.systems.stripe.sandbox.stories import STORIES, open_invoice
from connectors.systems.stripe.sandbox.world import Missing, Obj, moment

_NAMES: Final = (
    "Alder Analytics",
    "Birch Logistics",
    "Cedar Health",
    "Dogwood Foods",
    "Elm Robotics",
    "Fir Energy",
    "Hazel Media",
    "Juniper Labs",
    "Larch Security",
    "Maple Insurance",
    "Oak Software",
    "Pine Payments",
    "Rowan Retail",
    "Spruce Travel",
    "Willow Education",
    "Yew Legal",
)


_TAXES: Final = {"usd": "8.25", "gbp": "20", "eur": "19"}


def customers(
    business: Business,
    *,
    count: int = 1,
    price: str = "price_platform_annual",
    amount: int = 1_200_000,
    currency: str = "usd",
    interval: str = "year",
    quantity: int = 1,
    tax_percent: str = "8.25",
    pays: bool | None = True,
    declined: int = 0,
    legal_entity: str = "",
    called: str = "",
    account: str = "",
    contract: str = "",
    address: Mapping[str, str] | None = None,
    at: int | None = None,
) -> Obj:
    """
    ``count`` customers with a subscription and its first invoice; the last ``declined`` fail.
    ``called`` names one; ``account`` and ``contract`` are what sales calls it and its contract.
    ``address`` is theirs, in Stripe's words (``country``, ``state`` …).
    """
    plan = price_of(business, price, amount, currency, interval, at)
    made = []
    known = len(list(business.world.all("customer")))
    metadata = {"legal_entity": legal_entity} if legal_entity else {}
    in_sales = {"salesforce_account_id": account} if account else {}
    signed = {"salesforce_contract_id": contract} if contract else {}
    for index in range(min(int(count), 10_000)):
        place = known + index
        name = _NAMES[place % len(_NAMES)]
        suffix = f" {place // len(_NAMES) + 1}" if place >= len(_NAMES) else ""
        who = business.create_customer(
            name=called or name + suffix,
            email=f"billing@{name.split()[0].lower()}{place + 1}.example",
            currency=currency,
            address=dict(address) if address else None,
            metadata=metadata | in_sales,
            at=at,
        )
        fails = index >= int(count) - int(declined)
        subscription = business.subscribe(
            customer=who["id"],
            items=[(plan["id"], int(quantity))],
            tax_percent=tax_percent,
            pays=False if fails else pays,
            metadata=metadata | signed,
            at=at,
        )
        made.append(
            {
                "customer": who["id"],
                "subscription": subscription["id"],
                "invoice": subscription["latest_invoice"],
            }
        )
    return {"made": made}


def issue(
    business: Business,
    *,
    customer: str = "",
    amount: int = 50_000,
    description: str = "Onboarding",
    price: str = "price_onboarding",
    tax_percent: str | None = None,
    lines: int = 1,
    days: int = 0,
    at: int | None = None,
) -> Obj:
    """
    A final, unpaid invoice over ``amount`` a line for a customer (any, when none is named), in
    the customer's currency and taxed as usual there. ``days`` gives it a service period.
    """
    when = moment(at)
    who = _customer(business, customer)
    currency = who["currency"] or "usd"
    plan = price_of(business, price, amount, currency, None, at) if price else None
    draft = business.draft(
        customer=who["id"],
        lines=[
            objects.line(
                amount=amount,
                currency=currency,
                description=description,
                start=when,
                end=when + int(days) * 86400,
                price=plan,
            )
            for _ in range(min(int(lines), 1000))
        ],
        tax_percent=_TAXES.get(currency, "") if tax_percent is None else tax_percent,
        metadata=who["metadata"],
        at=at,
    )
    return {"invoice": business.finalize(draft["id"], at=at)["id"]}


def pay(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    found = business.pay(invoice or open_invoice(business), at=at)
    return {"invoice": found["id"], "charge": found["charge"], "intent": found["payment_intent"]}


def decline(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    found = business.decline(invoice or open_invoice(business), at=at)
    return {"invoice": found["id"], "charge": found["charge"]}


def void(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    return {"invoice": business.void(invoice or open_invoice(business), at=at)["id"]}


def refund(
    business: Business,
    *,
    charge: str = "",
    amount: int | None = None,
    reason: str = "requested_by_customer",
    metadata: Obj | None = None,
    at: int | None = None,
) -> Obj:
    which = charge or business.world.latest("charge", status="succeeded", refunded=False)["id"]
    made = business.refund(which, amount=amount, reason=reason, metadata=metadata, at=at)
    return {"refund": made["id"]}


def refund_failure(business: Business, *, refund: str = "", at: int | None = None) -> Obj:
    which = refund or business.world.latest("refund", status="succeeded")["id"]
    return {"refund": business.return_refund(which, at=at)["id"]}


def void_credit(business: Business, *, credit: str = "", at: int | None = None) -> Obj:
    which = credit or business.world.latest("credit_note", status="issued")["id"]
    return {"credit_note": business.void_credit(which, at=at)["id"]}


def payout(
    business: Business, *, currency: str = "usd", days: int = 2, at: int | None = None
) -> Obj:
    """It arrives at the bank ``days`` later."""
    found = business.pay_out(currency=currency, days=days, at=at)
    return {"payout": found["id"], "amount": found["amount"]}


def _customer(business: Business, identity: str) -> Obj:
    if identity:
        return business.world.get("customer", identity)
    known = list(business.world.all("customer"))
    if not known:
        raise Missing("There is no customer yet.")
    return random.choice(known)


SCENARIOS: Final[Mapping[str, Callable[..., Obj]]] = {
    "customers": customers,
    "issue": issue,
    "pay": pay,
    "decline": decline,
    "void": void,
    "refund": refund,
    "refund_failure": refund_failure,
    "void_credit": void_credit,
    "payout": payout,
    **STORIES,
}

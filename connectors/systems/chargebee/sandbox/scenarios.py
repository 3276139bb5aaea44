"""
Stories for a demo or a rehearsal, played by ``POST /_control/scenario/<name>`` with JSON.

Ids may be left out: the newest resource for which the step makes sense is taken. ``at`` (epoch
seconds) puts a story into the past.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from connectors.systems.chargebee.sandbox import entitling
from connectors.systems.chargebee.sandbox.business import Business
from connectors.systems.chargebee.sandbox.world import Obj, moment

_NAMES: Final = (
    "Ash Aviation",
    "Beech Biotech",
    "Chestnut Choice",
    "Douglas Data",
    "Ebony Edge",
    "Ficus Finance",
    "Ginkgo Games",
    "Hawthorn Hotels",
)


def customers(
    business: Business,
    *,
    count: int = 1,
    price: str = "growth-USD-yearly",
    amount: int = 960_000,
    currency: str = "USD",
    period: str = "year",
    quantity: int = 1,
    tax_name: str = "Sales tax",
    tax_rate: str = "8.25",
    pays: bool | None = True,
    declined: int = 0,
    net_term_days: int = 0,
    entity: str = "",
    called: str = "",
    account: str = "",
    contract: str = "",
    at: int | None = None,
) -> Obj:
    """
    ``count`` customers with a subscription and its first invoice; the last ``declined`` fail.
    ``entity`` is the business entity, ``account`` and ``contract`` are what sales calls them.
    """
    business.item_price(id=price, price=amount, currency_code=currency, period_unit=period, at=at)
    made = []
    for index in range(min(int(count), 5_000)):
        place = len(list(business.world.all("customer")))
        name = called or f"{_NAMES[place % len(_NAMES)]} {place // len(_NAMES) + 1}"
        who = business.create_customer(
            company=name,
            email=f"billing@{name.split()[0].lower()}{place + 1}.example",
            preferred_currency_code=currency,
            business_entity_id=entity,
            meta_data={"salesforce_account_id": account} if account else None,
            at=at,
        )
        fails = index >= int(count) - int(declined)
        subscription = business.subscribe(
            who["id"],
            items=[(price, int(quantity))],
            tax_name=tax_name,
            tax_rate=str(tax_rate),
            pays=False if fails else pays,
            net_term_days=int(net_term_days),
            meta_data={"contract_id": contract} if contract else None,
            at=at,
        )
        invoice = business.world.latest("invoice", customer_id=who["id"])
        told = {"customer": who["id"], "subscription": subscription["id"], "invoice": invoice["id"]}
        made.append(told)
    return {"made": made}


def issue(
    business: Business,
    *,
    customer: str = "",
    amount: int = 40_000,
    price: str = "onboarding-USD",
    lines: int = 1,
    days: int = 0,
    tax_name: str = "Sales tax",
    tax_rate: str = "8.25",
    pays: bool | None = None,
    due_in: int = 30,
    at: int | None = None,
) -> Obj:
    """An invoice over ``amount`` a line; ``days`` gives it a service period."""
    when, who = moment(at), customer or business.world.latest("customer")["id"]
    currency = business.world.get("customer", who).get("preferred_currency_code", "USD")
    told = [
        business.line(entity=price, amount=amount, start=when, end=when + int(days) * 86400)
        for _ in range(min(int(lines), 500))
    ]
    made = business.invoice(
        who, lines=told, currency=currency, tax_name=tax_name, tax_rate=str(tax_rate), pays=pays,
        due_in=int(due_in), at=at,
    )  # fmt: skip
    return {"invoice": made["id"]}


def pay(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    made = business.pay(invoice or _due(business), at=at)
    return {"payment": made["id"], "invoice": made["linked_invoices"][0]["invoice_id"]}


def decline(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    return {"payment": business.decline(invoice or _due(business), at=at)["id"]}


def ach_return(business: Business, *, payment: str = "", at: int | None = None) -> Obj:
    which = payment or business.world.latest("transaction", type="payment", status="success")["id"]
    return {"payment": business.come_back(which, at=at)["id"]}


def void(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    return {"invoice": business.void(invoice or _due(business), at=at)["id"]}


def write_off(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    made = business.write_off(invoice or _due(business), at=at)
    return {"credit_note": made["id"], "invoice": made["reference_invoice_id"]}


def overdue(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    when = moment(at)
    found = business.world.get("invoice", invoice or _due(business))
    business.world.touch(found, at=when).update(status="not_paid", due_date=when - 2 * 86400)
    business.world.tell("invoice_updated", at=when, invoice=found)
    return {"invoice": found["id"]}


def credit(
    business: Business,
    *,
    invoice: str = "",
    amount: int | None = None,
    reason: str = "product_unsatisfactory",
    refunds: bool = False,
    at: int | None = None,
) -> Obj:
    """Over ``amount`` (net) of the first line, or all of it; of a paid invoice a balance."""
    found = business.world.get(
        "invoice", invoice or business.world.latest("invoice", status="paid")["id"]
    )
    line = found["line_items"][0]
    wanted = [(line["id"], int(amount or line["amount"]), "")]
    made = business.credit(found["id"], lines=wanted, reason=reason, refunds=refunds, at=at)
    return {"credit_note": made["id"], "invoice": found["id"], "total": made["total"]}


def refund(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    return credit(business, invoice=invoice, reason="order_change", refunds=True, at=at)


def void_credit(business: Business, *, credit: str = "", at: int | None = None) -> Obj:
    which = credit or business.world.latest("credit_note")["id"]
    return {"credit_note": business.void_credit(which, at=at)["id"]}


def seats(
    business: Business, *, subscription: str = "", quantity: int = 5, at: int | None = None
) -> Obj:
    found = _running(business, subscription)
    price = found["subscription_items"][0]["item_price_id"]
    business.change(found["id"], items=[(price, int(quantity))], at=at)
    return {"subscription": found["id"]}


def renew(
    business: Business, *, subscription: str = "", pays: bool | None = True, at: int | None = None
) -> Obj:
    found = _running(business, subscription)
    made = business.renew(found["id"], pays=pays, at=at)
    return {"subscription": found["id"], "invoice": made["id"]}


def pause(business: Business, *, subscription: str = "", at: int | None = None) -> Obj:
    found = _running(business, subscription)
    state = {"status": "paused", "pause_date": moment(at)}
    business.turn(found["id"], "subscription_paused", at=at, **state)
    return {"subscription": found["id"]}


def resume(business: Business, *, subscription: str = "", at: int | None = None) -> Obj:
    which = subscription or business.world.latest("subscription", status="paused")["id"]
    business.turn(which, "subscription_resumed", at=at, status="active")
    return {"subscription": which}


def cancel(business: Business, *, subscription: str = "", at: int | None = None) -> Obj:
    found = _running(business, subscription)
    state = {"status": "cancelled", "cancelled_at": moment(at), "cancel_reason_code": "not_needed"}
    business.turn(found["id"], "subscription_cancelled", at=at, **state)
    return {"subscription": found["id"]}


def entitle(
    business: Business,
    *,
    subscription: str = "",
    feature: str = "sso",
    value: str = "true",
    unit: str = "",
    at: int | None = None,
) -> Obj:
    """The plan of a subscription entitles to a feature from now on, or to another amount of it."""
    found = _running(business, subscription)
    price = business.world.get("item_price", found["subscription_items"][0]["item_price_id"])
    entitling.entitle(business.world, price["item_id"], feature, value, unit=unit, at=moment(at))
    return {"subscription": found["id"], "feature": feature}


def move(
    business: Business,
    *,
    subscription: str = "",
    price: str = "starter-USD-yearly",
    amount: int = 240_000,
    at: int | None = None,
) -> Obj:
    """A subscription goes to another plan, which entitles to something else."""
    found = _running(business, subscription)
    business.item_price(id=price, price=amount, period_unit="year", at=at)
    business.change(found["id"], items=[(price, 1)], at=at)
    entitling.tell(business.world, found["id"], at=moment(at))
    return {"subscription": found["id"], "price": price}


def new_kind(business: Business, *, type: str = "invoice_reclassified") -> Obj:
    """An event of a type that nobody was told of."""
    event = business.world.tell(type, at=moment(), invoice=business.world.latest("invoice"))
    return {"event": event["id"]}


def _due(business: Business) -> str:
    for found in reversed(list(business.world.all("invoice"))):
        if found["amount_due"] and found["status"] != "voided":
            return str(found["id"])
    raise LookupError("Nothing is due.")


def _running(business: Business, identity: str) -> Obj:
    if identity:
        return business.world.get("subscription", identity)
    return business.world.latest("subscription", status="active")


SCENARIOS: Final[Mapping[str, Callable[..., Obj]]] = {
    "customers": customers,
    "issue": issue,
    "pay": pay,
    "decline": decline,
    "ach_return": ach_return,
    "void": void,
    "write_off": write_off,
    "overdue": overdue,
    "credit": credit,
    "refund": refund,
    "void_credit": void_credit,
    "seats": seats,
    "renew": renew,
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "entitle": entitle,
    "move": move,
    "new_kind": new_kind,
}

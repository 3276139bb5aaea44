"""
More stories: what happens to subscriptions, invoices and payments after they began. As in
``scenarios``, ids may be left out and ``at`` puts a story into the past.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.stripe.sandbox.prices import price_of
from connectors.systems.stripe.sandbox.world import Missing, Obj, moment


def product(
    business: Business, *, name: str = "Platform", id: str = "", at: int | None = None
) -> Obj:
    given = {"id": id} if id else {}
    return {"product": business.create_product(name=name, at=at, **given)["id"]}


def price(
    business: Business,
    *,
    id: str = "",
    currency: str = "usd",
    amount: int | None = None,
    interval: str = "month",
    nickname: str = "Usage",
    tiers: list[Obj] | None = None,
    tiers_mode: str = "",
    metered: bool = False,
    metadata: Obj | None = None,
    product: str = "",
    at: int | None = None,
) -> Obj:
    """Any price; ``tiers`` as Stripe writes them (``up_to``, ``unit_amount_decimal``, …)."""
    made = business.create_price(
        id=id or None,
        currency=currency,
        unit_amount=amount,
        interval=interval or None,
        nickname=nickname,
        tiers=tiers,
        tiers_mode=tiers_mode or None,
        usage_type="metered" if metered else "licensed",
        metadata=metadata,
        product=product or None,
        at=at,
    )
    return {"price": made["id"]}


def upgrade(
    business: Business,
    *,
    subscription: str = "",
    of_plan: str = "",
    price: str = "price_scale_yearly",
    amount: int = 4_850_000,
    quantity: int = 1,
    tax_percent: str = "8.25",
    pays: bool | None = True,
    due_in: int = 0,
    at: int | None = None,
) -> Obj:
    """To a dearer plan at once, with an invoice for the rest of the period, due in some days."""
    found = _running(business, subscription, of_plan)
    interval = found["items"]["data"][0]["price"]["recurring"]["interval"]
    plan = price_of(business, price, amount, found["currency"], interval, at)
    business.change(
        found["id"],
        items=[(plan["id"], int(quantity))],
        tax_percent=tax_percent,
        pays=pays,
        due_in=int(due_in),
        at=at,
    )
    return {"subscription": found["id"], "invoice": found["latest_invoice"]}


def downgrade(
    business: Business,
    *,
    subscription: str = "",
    of_plan: str = "",
    price: str = "price_team_yearly",
    amount: int = 1_200_000,
    quantity: int = 1,
    at: int | None = None,
) -> Obj:
    """To a cheaper plan; the next period is the first that is billed for it."""
    found = _running(business, subscription, of_plan)
    interval = found["items"]["data"][0]["price"]["recurring"]["interval"]
    plan = price_of(business, price, amount, found["currency"], interval, at)
    business.change(found["id"], items=[(plan["id"], int(quantity))], prorate=False, at=at)
    return {"subscription": found["id"]}


def seats(
    business: Business,
    *,
    subscription: str = "",
    of_plan: str = "",
    quantity: int = 10,
    tax_percent: str = "8.25",
    pays: bool | None = True,
    at: int | None = None,
) -> Obj:
    """More or fewer of the same; more are billed for the rest of the period."""
    found = _running(business, subscription, of_plan)
    item = found["items"]["data"][0]
    business.change(
        found["id"],
        items=[(item["price"]["id"], int(quantity))],
        prorate=int(quantity) > item["quantity"],
        tax_percent=tax_percent,
        pays=pays,
        at=at,
    )
    return {"subscription": found["id"], "invoice": found["latest_invoice"]}


def renew(
    business: Business,
    *,
    subscription: str = "",
    of_plan: str = "",
    tax_percent: str = "8.25",
    pays: bool | None = True,
    at: int | None = None,
) -> Obj:
    found = _running(business, subscription, of_plan)
    invoice = business.renew(found["id"], tax_percent=tax_percent, pays=pays, at=at)
    return {"subscription": found["id"], "invoice": invoice["id"]}


def pause(
    business: Business,
    *,
    subscription: str = "",
    of_plan: str = "",
    resumes_at: int | None = None,
    at: int | None = None,
) -> Obj:
    found = _running(business, subscription, of_plan)
    return {"subscription": business.pause(found["id"], resumes_at=resumes_at, at=at)["id"]}


def resume(business: Business, *, subscription: str = "", at: int | None = None) -> Obj:
    identity = subscription or _resting(business)
    return {"subscription": business.resume(identity, at=at)["id"]}


def cancel(
    business: Business,
    *,
    subscription: str = "",
    of_plan: str = "",
    reason: str = "The project ended.",
    at: int | None = None,
) -> Obj:
    found = _running(business, subscription, of_plan)
    return {"subscription": business.cancel(found["id"], reason=reason, at=at)["id"]}


def credit(
    business: Business,
    *,
    invoice: str = "",
    amount: int | None = None,
    credit_type: str = "goodwill",
    refunds: bool = False,
    reason: str | None = None,
    memo: str | None = None,
    at: int | None = None,
) -> Obj:
    """
    A credit note over ``amount`` (net) of an invoice's first line, or over all of it. On an open
    invoice it lowers what is to be paid; of a paid one it becomes a balance, or a refund.
    """
    found = (
        business.world.get("invoice", invoice)
        if invoice
        else business.world.latest("invoice", status="paid")
    )
    line = found["lines"]["data"][0]
    note = business.credit(
        found["id"],
        lines=[(line["id"], int(amount))] if amount else (),
        refunds=refunds,
        reason=reason,
        memo=memo,
        metadata={"credit_type": credit_type, **found["metadata"]},
        at=at,
    )
    return {"credit_note": note["id"], "invoice": found["id"], "total": note["total"]}


def hold(business: Business, *, invoice: str) -> Obj:
    """Credit notes of the invoice are refused until ``release``."""
    return {"invoice": business.hold(invoice)["id"]}


def release(business: Business, *, invoice: str) -> Obj:
    business.release(invoice)
    return {"invoice": invoice}


def dispute(
    business: Business,
    *,
    charge: str = "",
    reason: str = "product_not_received",
    at: int | None = None,
) -> Obj:
    made = business.dispute(charge or _undisputed(business), reason=reason, at=at)
    return {"dispute": made["id"], "charge": made["charge"]}


def decide(
    business: Business, *, dispute: str = "", won: bool = True, at: int | None = None
) -> Obj:
    which = dispute or business.world.latest("dispute", status="needs_response")["id"]
    return {"dispute": business.decide(which, won=bool(won), at=at)["id"]}


def ach_return(business: Business, *, charge: str = "", at: int | None = None) -> Obj:
    found = business.return_payment(charge or _undisputed(business), at=at)
    return {"charge": found["id"], "invoice": found["invoice"]}


def payout_failure(business: Business, *, payout: str = "", at: int | None = None) -> Obj:
    which = payout or business.world.latest("payout", status="paid")["id"]
    return {"payout": business.fail_payout(which, at=at)["id"]}


def overdue(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    return {"invoice": business.overdue(invoice or open_invoice(business), at=at)["id"]}


def write_off(business: Business, *, invoice: str = "", at: int | None = None) -> Obj:
    return {"invoice": business.write_off(invoice or open_invoice(business), at=at)["id"]}


def entitle(
    business: Business,
    *,
    customer: str = "",
    features: list[str] | None = None,
    at: int | None = None,
) -> Obj:
    found = customer or next(iter(business.world.all("customer")), {}).get("id")
    if not found:
        raise Missing("There is no customer yet.")
    business.entitle(found, features or ["api_access"], at=at)
    return {"customer": found}


def new_kind(
    business: Business, *, type: str = "invoice.reclassified", at: int | None = None
) -> Obj:
    """An event of a type that nobody was told of, about the newest invoice."""
    about = business.world.latest("invoice")
    return {"event": business.world.tell(type, about, at=moment(at))["id"]}


def _running(business: Business, identity: str, plan: str = "") -> Obj:
    """The subscription, or the newest one of a plan (a price), or the newest one at all."""
    if identity:
        return business.world.get("subscription", identity)
    for found in reversed(list(business.world.all("subscription"))):
        runs = found["status"] == "active" and not found["pause_collection"]
        if runs and plan in ("", found["items"]["data"][0]["price"]["id"]):
            return found
    raise Missing("No subscription runs that this could happen to.")


def _resting(business: Business) -> str:
    for found in business.world.all("subscription"):
        if found["status"] == "active" and found["pause_collection"]:
            identity: str = found["id"]
            return identity
    raise Missing("No subscription rests.")


def _undisputed(business: Business) -> str:
    found = business.world.latest(
        "charge", status="succeeded", disputed=False, refunded=False, amount_refunded=0
    )
    identity: str = found["id"]
    return identity


def open_invoice(business: Business) -> str:
    identity: str = business.world.latest("invoice", status="open")["id"]
    return identity


STORIES: Final[Mapping[str, Callable[..., Obj]]] = {
    "product": product,
    "price": price,
    "upgrade": upgrade,
    "downgrade": downgrade,
    "seats": seats,
    "renew": renew,
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "credit": credit,
    "hold": hold,
    "release": release,
    "dispute": dispute,
    "decide": decide,
    "ach_return": ach_return,
    "payout_failure": payout_failure,
    "overdue": overdue,
    "write_off": write_off,
    "entitle": entitle,
    "new_kind": new_kind,
}

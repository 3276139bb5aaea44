"""Prices that stories name."""

from __future__ import annotations

from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.stripe.sandbox.world import Missing, Obj


def price_of(
    business: Business,
    identity: str,
    amount: int,
    currency: str,
    interval: str | None,
    at: int | None,
) -> Obj:
    """The price of that id; made with these values when there is none yet."""
    try:
        return business.world.get("price", identity)
    except Missing:
        return business.create_price(
            id=identity,
            unit_amount=amount,
            currency=currency,
            interval=interval,
            nickname=identity.removeprefix("price_").replace("_", " ").capitalize(),
            at=at,
        )

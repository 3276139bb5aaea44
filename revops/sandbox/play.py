"""
The demo company at work: its customers subscribe, are billed, pay, decline and are refunded, in the
sandbox billing system, which tells the console by webhook as a real one would.

The first start plays a week's business; afterwards there is a new invoice about every half minute.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any, Final

import httpx
import structlog

from revops.sandbox import joined, tampered, twins
from revops.sandbox.serve import Stand

log = structlog.get_logger(__name__)

PACE: Final = 30.0
SCORES: Final = (82, 91, 64, 77, 88)
# What sales does in the first week: one deal is lost, one open, one won, signed and amended.
SALES: Final = ("deal", "lose", "deal", "win", "quote", "sign", "amend", "deal")

# Where customers are: a tax engine needs to know. Without a postal code nobody looks like another.
_US: Final = {"country": "US", "state": "NY", "city": "New York"}
_UK: Final = {"country": "GB", "city": "London"}
_DE: Final = {"country": "DE", "city": "Berlin"}
# (what is played, with which values): the first week, in order.
OPENING: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("customers", {
        "count": 14, "price": "price_team_yearly", "amount": 1_200_000, "tax_percent": "8.25",
        "declined": 1, "legal_entity": "US-INC", "address": _US,
    }),
    # Three payouts that arrive at once, for the bank's statement.
    ("payout", {"currency": "usd", "days": 0}),
    ("customers", {
        "count": 6, "price": "price_scale_yearly", "amount": 4_850_000, "tax_percent": "8.25",
        "legal_entity": "US-INC", "address": _US,
    }),
    ("payout", {"currency": "usd", "days": 0}),
    ("customers", {
        "count": 5, "price": "price_team_monthly", "amount": 98_000, "interval": "month",
        "tax_percent": "20", "currency": "gbp", "legal_entity": "UK-LTD", "address": _UK,
    }),
    ("customers", {
        "count": 5, "price": "price_seat_monthly", "amount": 64_500, "interval": "month",
        "tax_percent": "19", "currency": "eur", "legal_entity": "DE-GMBH", "address": _DE,
    }),
    # A SKU that nobody has mapped yet: the first group in the queue.
    ("customers", {
        "count": 4, "price": "price_enterprise_addon", "amount": 1_345_000, "tax_percent": "8.25",
        "legal_entity": "US-INC", "address": _US, "pays": None,
    }),
    ("issue", {"amount": 250_000, "price": "price_onboarding"}),
    ("pay", {}),
    ("issue", {"amount": 90_000, "price": "price_onboarding"}),
    ("void", {}),
    ("refund", {"amount": 20_000}),
    ("upgrade", {
        "of_plan": "price_team_yearly", "price": "price_scale_yearly", "amount": 4_850_000,
    }),
    ("seats", {"of_plan": "price_seat_monthly", "quantity": 3, "tax_percent": "19"}),
    ("issue", {"amount": 120_000, "price": "price_onboarding"}),
    ("pay", {}),
    ("payout", {"currency": "usd", "days": 0}),
    ("credit", {"amount": 30_000, "credit_type": "sla_period", "memo": "Outage on the 3rd"}),
    ("ach_return", {}),
    ("dispute", {}),
)  # fmt: skip

# What happens now and then, beside new invoices and their payments.
SELDOM: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("upgrade", {
        "of_plan": "price_team_yearly", "price": "price_scale_yearly", "amount": 4_850_000,
    }),
    ("seats", {"of_plan": "price_seat_monthly", "quantity": 5, "tax_percent": "19"}),
    ("refund", {"amount": 5_000}),
    ("credit", {"amount": 10_000, "credit_type": "goodwill"}),
    ("dispute", {}),
    ("decide", {"won": True}),
    ("decide", {"won": False}),
    ("ach_return", {}),
    ("overdue", {}),
    ("pause", {"of_plan": "price_team_monthly"}),
    ("resume", {}),
    ("payout", {"currency": "usd"}),
)  # fmt: skip
_SELDOM_SHARE: Final = 0.15
# How often the companies that joined do something, too.
_JOINED_SHARE: Final = 0.5

# Invoices with a tax code that nobody has mapped yet: one cause, which one fix clears.
UNMAPPED_TAX: Final = 40
_TAXED: Final[dict[str, Any]] = {"price": "price_onboarding", "tax_percent": "6.5"}
_CUSTOMER: Final[dict[str, Any]] = {
    "called": "Sycamore Stores", "price": "price_team_yearly", "amount": 1_200_000,
    "tax_percent": "8.25", "legal_entity": "US-INC", "address": _US,
}  # fmt: skip


async def business(stands: Sequence[Stand], console_url: str) -> None:
    """Play until cancelled. The console may come up later than we do."""
    billing = next((stand for stand in stands if stand.slug == "stripe"), None)
    if billing is None:
        return
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{billing.port}/_control") as control:
        await _until_ready(console_url)
        state = await _get(control, "/state")
        if not state.get("counts", {}).get("customer"):
            for name, values in OPENING:
                await _act(control, name, values)
                await asyncio.sleep(0.3)
            await _tax(control)
        await _introduce(stands, billing)
        await _sell(stands, billing)
        await _use(stands, billing, events=600)
        await tampered.tamper(stands)
        await joined.play(stands)
        while True:
            await asyncio.sleep(PACE * random.uniform(0.6, 1.4))
            await _act(control, "issue", {"amount": random.randrange(20_000, 400_000, 500)})
            await _use(stands, billing, events=20)
            await asyncio.sleep(4)
            await _act(control, "pay" if random.random() < 0.85 else "decline", {})
            if random.random() < _SELDOM_SHARE:
                await _act(control, *random.choice(SELDOM))
            if random.random() < _JOINED_SHARE:
                await joined.play(stands)


async def _tax(control: httpx.AsyncClient) -> None:
    """A customer whose invoices are taxed by a code that has no account yet."""
    for made in (await _act(control, "customers", _CUSTOMER)).get("made", []):
        for number in range(UNMAPPED_TAX):
            amount = 900_000 + 1_000 * number
            values = {"customer": made["customer"], "amount": amount} | _TAXED
            await _act(control, "issue", values)


async def _introduce(stands: Sequence[Stand], billing: Stand) -> None:
    """Whoever is billed is known to customer success too, under the same id; one fares badly."""
    success = next((stand for stand in stands if stand.slug == "gainsight"), None)
    if success is None:
        return
    billed = list(billing.application.state.world.all("customer"))
    companies = [
        {
            "name": item["name"],
            "stripe": item["id"],
            "score": SCORES[place % len(SCORES)],
            "arr": 12_000 + 500 * place,
            "likelihood": 90,
        }
        for place, item in enumerate(billed)
    ]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{success.port}/_control") as control:
        if not companies or (await _get(control, "/state")).get("counts", {}).get("Company"):
            return
        await _act(control, "customers", {"companies": companies})
        for name, values in (
            ("milestone", {"name": "Onboarding complete"}),
            ("health", {"score": 31, "reason": "Fewer people sign in than a month ago."}),
            ("renewal", {"likelihood": 35}),
        ):
            await _act(control, name, {"company": companies[0]["stripe"], **values})


async def _sell(stands: Sequence[Stand], billing: Stand) -> None:
    """
    Whoever is billed has an account in sales, which names the customer's id in billing; two have
    another one that does not.
    """
    sales = next((stand for stand in stands if stand.slug == "salesforce"), None)
    if sales is None:
        return
    billed = [
        {
            "id": item["id"],
            "name": item["name"],
            "email": item["email"],
            "currency": item["currency"],
            "legal_entity": item["metadata"].get("legal_entity"),
        }
        for item in billing.application.state.world.all("customer")
    ]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sales.port}/_control") as control:
        known = (await _get(control, "/state")).get("counts", {}).get("Account")
        adopted = {"field": "Stripe_Customer_ID__c", "customers": billed}
        await _act(control, "adopt", adopted)
        if billed and not known:
            for name in SALES:
                await _act(control, name, {})
                await asyncio.sleep(0.3)
            for account in twins.ACCOUNTS:
                await _act(control, "account", dict(account))


async def _use(stands: Sequence[Stand], billing: Stand, *, events: int) -> None:
    """Whoever is billed uses the product, and so does somebody whom nobody knows."""
    product = next((stand for stand in stands if stand.slug == "product"), None)
    if product is None:
        return
    billed = [item["id"] for item in billing.application.state.world.all("customer")]
    values = {"customers": [*billed, "trial_4711"], "events": events, "most": 600, "late": 0}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{product.port}/_control") as control:
        await _act(control, "use", values)


async def _until_ready(console_url: str) -> None:
    async with httpx.AsyncClient() as console:
        for _ in range(600):
            try:
                if (await console.get(f"{console_url}/healthz", timeout=2)).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.5)


async def _get(control: httpx.AsyncClient, path: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = (await control.get(path)).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return found


async def _act(control: httpx.AsyncClient, name: str, values: dict[str, Any]) -> dict[str, Any]:
    """What the sandbox says of it; empty where it was not possible."""
    try:
        answer = await control.post(f"/scenario/{name}", json=values, timeout=10)
    except httpx.HTTPError as error:
        log.warning("play.failed", scenario=name, error=type(error).__name__)
        return {}
    if answer.status_code != 200:
        log.info("play.not_possible", scenario=name, answer=answer.text[:200])
        return {}
    found: dict[str, Any] = answer.json()
    return found

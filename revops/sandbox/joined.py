"""
What the companies that joined the demo's group do by themselves: customers are billed, pay and get
something credited, sales sells for them, and the help desk of one of the teams has tickets.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from revops.sandbox import helpdesk
from revops.sandbox.company import SALESFORCE
from revops.sandbox.group import CHARGEBEE, Member, members
from revops.sandbox.serve import Stand

Values = dict[str, Any]
_SOLD_SHARE: Final = 0.2
_CREDITED: Final = 20_000
# All plans are of one item, so what it gives is said once.
_PLAN_GIVES: Final[tuple[Values, ...]] = (
    {"feature": "single_sign_on", "value": "true"},
    {"feature": "api_calls", "value": "500000", "unit": "calls"},
)


def deal(one: Member, *, name: str) -> tuple[tuple[str, Values, str], ...]:
    """
    What sales does to sell to a company of the member: scenarios of its sandbox, with their values
    and what else each takes from the answers before.
    """
    return (
        ("account", {
            "Name": name, "Legal_Entity__c": one.code, "CurrencyIsoCode": one.currency,
            "Billing_Email__c": f"ap@{one.code.lower()}.example",
        }, ""),
        ("deal", {
            "items": [{"sku": one.sku, "quantity": 1, "price": str(one.amount // 100)}],
        }, "account"),
        ("win", {}, "opportunity"),
        ("sign", {}, "opportunity"),
    )  # fmt: skip


async def play(stands: Sequence[Stand]) -> None:
    """
    The first time a week of each company, a deal and a credit; afterwards an invoice, its payment,
    and now and then a deal.
    """
    await helpdesk.play(stands)
    async with _door(stands, CHARGEBEE) as billing, _door(stands, SALESFORCE) as sales:
        if billing is None:
            return
        state = (await billing.get("/state")).json()
        first = not state.get("counts", {}).get("customer")
        one = members()[0] if first else random.choice(members())
        if first:
            for member in members():
                await _act(billing, "customers", _plan(member) | {"count": 4, "declined": 1})
            await _act(billing, "credit", {"amount": _CREDITED})
            for feature in _PLAN_GIVES:
                await _act(billing, "entitle", feature)
        else:
            await _act(billing, "customers", _plan(one) | {"pays": None, "net_term_days": 30})
            await _act(billing, "pay" if random.random() < 0.8 else "decline", {})
        if sales is not None and (first or random.random() < _SOLD_SHARE):
            await _sell(sales, one)


async def _sell(sales: httpx.AsyncClient, one: Member) -> None:
    """A customer whom billing does not know yet: it is asked to provision what was sold."""
    known = (await sales.get("/state")).json().get("counts", {}).get("Account", 0)
    said: Values = {}
    for step, values, takes in deal(one, name=f"Rosella {one.code} {known + 1}"):
        if takes and takes not in said:
            return
        said |= await _act(sales, step, values | ({takes: said[takes]} if takes else {}))


def _plan(one: Member) -> Values:
    return {
        "price": one.sku, "amount": one.amount, "currency": one.currency,
        "tax_name": one.tax_name, "tax_rate": one.rate, "entity": one.code,
    }  # fmt: skip


@asynccontextmanager
async def _door(stands: Sequence[Stand], slug: str) -> AsyncIterator[httpx.AsyncClient | None]:
    """To the sandbox's switchboard; None where it is not served."""
    stand = next((one for one in stands if one.slug == slug), None)
    if stand is None:
        yield None
        return
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stand.port}/_control") as door:
        yield door


async def _act(door: httpx.AsyncClient, name: str, values: Values) -> Values:
    """What the sandbox says of it. Not every step is possible at any time: then nothing."""
    answer = await door.post(f"/scenario/{name}", json=values, timeout=10)
    said: Values = answer.json() if answer.status_code == 200 else {}
    return said

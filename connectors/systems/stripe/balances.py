"""
Which credits a customer's balance was, when it settled an invoice.

Stripe keeps one balance for a customer and does not say which credit note an invoice used up, and
no event tells of it. We read the balance's transactions and let the oldest credit go first. What is
past never changes there, so a repeat gives the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from connectors.contract import Settings
from connectors.http import Client
from connectors.systems.stripe import billing, listing, wire
from connectors.systems.stripe.wire import Json

_PAGES: Final = 50


def uses_balance(invoice: Json) -> bool:
    """Whether finalizing this invoice took anything from the customer's balance."""
    before, after = invoice.get("starting_balance"), invoice.get("ending_balance")
    return (
        invoice.get("object") == "invoice"
        and invoice.get("status") in billing.FINAL
        and type(before) is int
        and before < 0
        and (type(after) is not int or after > before)
    )


async def applications(
    client: Client, settings: Settings, invoices: Sequence[Json]
) -> Sequence[tuple[Json, Json]]:
    """(invoice, what of the balance settled it) for each of these invoices. Raises CallFailed."""
    wanted: dict[str, dict[str, Json]] = {}
    for invoice in invoices:
        if uses_balance(invoice):
            wanted.setdefault(wire.ref(invoice.get("customer")), {})[wire.ref(invoice)] = invoice
    found = []
    for customer, theirs in wanted.items():
        members, _ = await listing.everything(
            client, settings, f"/v1/customers/{customer}/balance_transactions", pages=_PAGES
        )
        # Newest first on the wire.
        for used in first_in_first_out(members[::-1]):
            if used["invoice"] in theirs:
                found.append((theirs[used["invoice"]], used))
    return found


def first_in_first_out(transactions: Sequence[Json]) -> Sequence[dict[str, Any]]:
    """
    The transactions that settled an invoice, oldest first, each with the ``applications`` that it
    is made of: credit note ("" when it was none), what it was instead, and amount.
    """
    held: deque[tuple[Json, int]] = deque()
    owed = 0
    found = []
    for item in transactions:
        amount = item.get("amount")
        if type(amount) is not int:
            continue
        if amount < 0:
            # What the customer owed is settled before anything is held for them.
            settled = min(owed, -amount)
            owed -= settled
            if -amount > settled:
                held.append((item, -amount - settled))
            continue
        used, short = _take(held, amount)
        owed += short
        if item.get("type") == "applied_to_invoice":
            found.append(_application(item, used))
    return found


def _take(held: deque[tuple[Json, int]], amount: int) -> tuple[list[tuple[Json, int]], int]:
    """What was taken from the oldest, and what was missing."""
    used = []
    while held and amount:
        source, left = held.popleft()
        taken = min(left, amount)
        amount -= taken
        used.append((source, taken))
        if left > taken:
            held.appendleft((source, left - taken))
    return used, amount


def _application(item: Json, used: Sequence[tuple[Json, int]]) -> dict[str, Any]:
    return {
        "id": wire.ref(item),
        "object": "customer_balance_transaction",
        "created": item.get("created"),
        "currency": item.get("currency"),
        "customer": wire.ref(item.get("customer")),
        "invoice": wire.ref(item.get("invoice")),
        "applications": [
            {
                "credit_note": wire.ref(source.get("credit_note")),
                "type": source.get("type"),
                "amount": amount,
            }
            for source, amount in used
        ],
    }

"""
What Stripe holds under our keys.

Search is quick but late (minutes, in an outage an hour), lists are never late; invoice items and
credit notes can only be listed. So subscriptions are searched for and the last hours listed, the
others are listed for as long as a command can be repeated (https://docs.stripe.com/search).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connectors.billing import (
    CONTENT,
    KEY,
    CreditNoteCreate,
    InvoiceItemCreate,
    SubscriptionCreate,
    Wanted,
)
from connectors.contract import CallFailed, Found, Outcome, Settings
from connectors.http import Client
from connectors.systems.stripe import listing, payloads, wire
from connectors.systems.stripe.wire import Json
from revops.kernel.clock import now

SEARCHED_LATE_S: Final = 2 * 3600
LISTED_S: Final = 45 * 86400
# Stripe takes ten clauses in a query.
_CLAUSES: Final = 10
_PAGES: Final = 50


async def under(
    client: Client, settings: Settings, keys: Sequence[str]
) -> Mapping[str, Sequence[Found]]:
    """Raises CallFailed, also when there is too much to look through."""
    if not keys:
        return {}
    at = int(now().timestamp())
    rows = await _searched(client, settings, keys)
    for path, since in (
        (f"{payloads.PATHS[SubscriptionCreate]}?status=all", at - SEARCHED_LATE_S),
        (payloads.PATHS[InvoiceItemCreate], at - LISTED_S),
        (payloads.PATHS[CreditNoteCreate], at - LISTED_S),
    ):
        rows += await _everything(client, settings, path, [("created[gte]", since)])
    found: dict[str, dict[str, Found]] = {}
    for row in rows:
        key = wire.noted(row, KEY)
        if key in keys:
            found.setdefault(key, {})[wire.ref(row)] = held(row)
    return {key: list(documents.values()) for key, documents in found.items()}


async def of(client: Client, settings: Settings, asked: Wanted, key: str) -> Sequence[Json]:
    """What the customer or invoice that a command names holds under its key. Raises CallFailed."""
    if isinstance(asked, SubscriptionCreate):
        if not asked.customer.id:
            return ()
        query = [("customer", asked.customer.id), ("status", "all")]
    elif isinstance(asked, InvoiceItemCreate):
        query = [("customer", asked.customer_id)]
    else:
        query = [("invoice", asked.invoice_id)]
    rows = await _everything(client, settings, payloads.PATHS[type(asked)], query)
    return [row for row in rows if wire.noted(row, KEY) == key]


def held(row: Json) -> Found:
    """An object of ours; what was asked for stands in its metadata, for good."""
    return Found(
        external_id=wire.ref(row),
        external_number=wire.text(row.get("number")),
        posted=True,
        content_sha256=wire.noted(row, CONTENT),
        excerpt=wire.text(row.get("description"), 200),
    )


async def search(
    client: Client, settings: Settings, kind: str, clauses: Sequence[str]
) -> list[Json]:
    """Objects of a kind that fit any of the clauses (``metadata['a']:'b'``). Raises CallFailed."""
    found: list[Json] = []
    for start in range(0, len(clauses), _CLAUSES):
        query = " OR ".join(clauses[start : start + _CLAUSES])
        page, params = "", [("query", query), ("limit", listing.PAGE_SIZE)]
        while True:
            answer = await listing.get(
                client,
                settings,
                f"/v1/{kind}/search",
                [*params, ("page", page)] if page else params,
            )
            found += listing.members(answer)
            page = wire.text(answer.get("next_page"))
            if answer.get("has_more") is not True or not page:
                break
    return found


def clause(key: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"metadata['{key}']:'{quoted}'"


async def _searched(client: Client, settings: Settings, keys: Sequence[str]) -> list[Json]:
    clauses = [clause(KEY, key) for key in keys]
    return await search(client, settings, "subscriptions", clauses)


async def _everything(
    client: Client, settings: Settings, path: str, query: listing.Query
) -> list[Json]:
    found, more = await listing.everything(client, settings, path, query, pages=_PAGES)
    if more:
        raise CallFailed(
            Outcome.TRANSIENT, f"{path} lists more than {len(found)} objects; too many to look at."
        )
    return list(found)

"""
What webhooks missed, oldest first: events, then payments' fees and payouts' contents.

Stripe lists newest first, so a window of time is read to its end and turned round; a window that
holds too much is halved. Fees and contents have no event of their own: the poll makes one body
for each, in the form of an event, named by the object, and reduced to what never changes, so that
a repeat is the same to the byte.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.contract import Page, PayloadUnreadable, Settings
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.systems.stripe import listing, types, wire
from connectors.systems.stripe.wire import Json
from revops.kernel import strict_json
from revops.kernel.clock import now

_PAGES: Final = 10
_SECOND_PAGES: Final = 1000
# An automatic payout of a busy day holds thousands of transactions; beyond this it is not opened.
_PAYOUT_PAGES: Final = 200
# Our own bodies tell more about what an event announced in the same second, so they are newer.
_LATER: Final = 3600

_SOURCE_FIELDS: Final = frozenset(
    (
        "id",
        "object",
        "payment_intent",
        "invoice",
        "customer",
        "currency",
        "amount",
        "amount_captured",
        "captured",
        "livemode",
    )
)
_TRANSACTION_FIELDS: Final = ("id", "object", "type", "currency", "amount", "fee", "net", "created")
_PAYOUT_FIELDS: Final = ("id", "object", "currency", "amount", "arrival_date", "status", "metadata")


@dataclass(frozen=True, slots=True)
class _Stream:
    """Where one list stands: read from ``since`` (epoch seconds), ``width`` seconds at a time."""

    since: int
    width: int = 0


async def poll(client: Client, settings: Settings, manifest: Manifest, *, cursor: str) -> Page:
    """Raises CallFailed, or PayloadUnreadable for a foreign cursor."""
    streams = _read(cursor, manifest)
    events, after_events = await _window(
        client, settings, "/v1/events", [], streams["events"], manifest
    )
    bodies = [_encode(event) for event in events]
    transactions: Sequence[Json] = ()
    after_transactions = streams["transactions"]
    if settings.parameters.get("fees", True):
        for event in events:
            if _opens(event):
                bodies.append(await _itemized(client, settings, event))
        transactions, after_transactions = await _window(
            client,
            settings,
            "/v1/balance_transactions",
            [("expand[]", "data.source")],
            streams["transactions"],
            manifest,
        )
        bodies += [_encode(_fee(item)) for item in transactions]
    return Page(
        bodies=tuple(bodies),
        cursor=_write({"events": after_events, "transactions": after_transactions}),
        more=bool(after_events.width or after_transactions.width),
    )


async def _window(
    client: Client,
    settings: Settings,
    path: str,
    query: listing.Query,
    stream: _Stream,
    manifest: Manifest,
) -> tuple[Sequence[Json], _Stream]:
    """
    What ``path`` lists since the stream's position, oldest first, and the position after it; a
    width in the answer says that more is waiting.
    """
    until = stream.since + stream.width if stream.width else None
    while True:
        bounds = [("created[gte]", stream.since)]
        if until is not None:
            bounds.append(("created[lte]", until))
        # A single second cannot be halved, so it is read to its end.
        pages = _SECOND_PAGES if until == stream.since else _PAGES
        found, more = await listing.everything(
            client, settings, path, [*query, *bounds], pages=pages
        )
        ordered = _oldest_first(found)
        if more and until != stream.since:
            # The newest pages of too wide a window: halve what is left before the oldest of them.
            until = stream.since + (_created(ordered[0]) - stream.since) // 2
            continue
        newest = _created(ordered[-1]) if ordered else 0
        if until is not None and until < int(now().timestamp()):
            # The window's last second is read twice; repeats are known by their ids.
            ahead = until if until > stream.since else until + 1
            return ordered, _Stream(ahead, max(1, 2 * (until - stream.since)))
        return ordered, _Stream(max(stream.since, newest - manifest.poll_overlap_s))


def _opens(event: Json) -> bool:
    """
    Whether the event says that a payout is paid and its contents are complete. Only automatic
    payouts have contents (https://docs.stripe.com/payouts/reconciliation).
    """
    payout = wire.part(wire.part(event.get("data")).get("object"))
    return (
        event.get("type") in ("payout.paid", "payout.reconciliation_completed")
        and payout.get("status") == "paid"
        and payout.get("automatic") is not False
        and payout.get("reconciliation_status") in (None, "completed")
    )


async def _itemized(client: Client, settings: Settings, event: Json) -> bytes:
    payout = wire.part(wire.part(event.get("data")).get("object"))
    members, _ = await listing.everything(
        client,
        settings,
        "/v1/balance_transactions",
        [("payout", wire.ref(payout)), ("expand[]", "data.source")],
        pages=_PAYOUT_PAGES,
    )
    told = {name: payout.get(name) for name in _PAYOUT_FIELDS}
    told["balance_transactions"] = [_reduced(item) for item in _oldest_first(members)]
    return _encode(
        _own(f"{wire.ref(payout)}-items", types.PAYOUT_ITEMS, told, event, event.get("created"))
    )


def _fee(transaction: Json) -> Json:
    return _own(
        wire.ref(transaction),
        types.BALANCE_TRANSACTION,
        _reduced(transaction),
        transaction,
        transaction.get("created"),
    )


def _own(identity: str, kind: str, obj: Json, origin: Json, created: Any) -> Json:
    return {
        "id": identity,
        "object": "event",
        "type": kind,
        "created": created,
        "object_version": _created({"created": created}) + _LATER,
        "account": origin.get("account"),
        "api_version": listing.API_VERSION,
        "livemode": origin.get("livemode", wire.part(obj.get("source")).get("livemode")),
        "data": {"object": obj},
    }


def _reduced(transaction: Json) -> dict[str, Any]:
    """A transaction without what changes later (its status) or is nobody's business (the card)."""
    source = transaction.get("source")
    told: dict[str, Any] = {name: transaction.get(name) for name in _TRANSACTION_FIELDS}
    told["source"] = _reduced_source(source) if isinstance(source, dict) else source
    return told


def _reduced_source(source: Json) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: wire.ref(value) if isinstance(value, dict) else value
        for name, value in source.items()
        if name in _SOURCE_FIELDS
    }
    method = wire.text(wire.part(source.get("payment_method_details")).get("type"))
    if method:
        told["payment_method_details"] = {"type": method}
    return told


def _oldest_first(found: Sequence[Json]) -> Sequence[Json]:
    """Stripe lists newest first, some fakes oldest first; ties keep the order of the list."""
    if found and _created(found[0]) >= _created(found[-1]):
        found = found[::-1]
    return sorted(found, key=_created)


def _created(item: Json) -> int:
    value = item.get("created")
    return value if type(value) is int else 0


def _encode(event: Json) -> bytes:
    return strict_json.dumps(event).encode()


def _read(cursor: str, manifest: Manifest) -> dict[str, _Stream]:
    if not cursor:
        first = _Stream(int(now().timestamp()) - manifest.first_lookback_s)
        return {"events": first, "transactions": first}
    try:
        found = json.loads(cursor)
        return {
            name: _Stream(int(found[name][0]), int(found[name][1]))
            for name in ("events", "transactions")
        }
    except (ValueError, TypeError, LookupError) as error:
        raise PayloadUnreadable("The poll's cursor cannot be read.") from error


def _write(streams: dict[str, _Stream]) -> str:
    return strict_json.dumps({name: [at.since, at.width] for name, at in streams.items()})

"""
What webhooks missed, oldest first: events, then what no event tells (``told.py``).

Stripe lists newest first, so a window of time is read to its end and turned round; a window that
holds too much is halved.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.contract import Page, PayloadUnreadable, Settings
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.systems.stripe import listing, told
from connectors.systems.stripe.told import created_at, oldest_first
from connectors.systems.stripe.wire import Json
from revops.kernel import strict_json
from revops.kernel.clock import now

_PAGES: Final = 10
_SECOND_PAGES: Final = 1000


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
    bodies += [_encode(item) for item in await told.more(client, settings, events)]
    if settings.parameters.get("fees", True):
        bodies += [_encode(item) for item in await told.payouts(client, settings, events)]
        transactions, after_transactions = await _window(
            client,
            settings,
            "/v1/balance_transactions",
            [("expand[]", "data.source")],
            streams["transactions"],
            manifest,
        )
        bodies += [_encode(told.fee(item)) for item in transactions]
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
        ordered = oldest_first(found)
        if more and until != stream.since:
            # The newest pages of too wide a window: halve what is left before the oldest of them.
            until = stream.since + (created_at(ordered[0]) - stream.since) // 2
            continue
        newest = created_at(ordered[-1]) if ordered else 0
        if until is not None and until < int(now().timestamp()):
            # The window's last second is read twice; repeats are known by their ids.
            ahead = until if until > stream.since else until + 1
            return ordered, _Stream(ahead, max(1, 2 * (until - stream.since)))
        return ordered, _Stream(max(stream.since, newest - manifest.poll_overlap_s))


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

"""
What webhooks missed, oldest first.

Events are listed by ``occurred_at``; a window is read page by page, its place is kept in the
cursor, and the next window begins some minutes before the newest event of this one.
"""

from __future__ import annotations

import json

from connectors.contract import Page, PayloadUnreadable
from connectors.manifest import Manifest
from connectors.systems.chargebee import listing
from connectors.systems.chargebee.answers import Chargebee
from revops.kernel import strict_json
from revops.kernel.clock import now


async def poll(site: Chargebee, manifest: Manifest, *, cursor: str) -> Page:
    """Raises Problem, or PayloadUnreadable for a foreign cursor."""
    since, newest, offset = _read(cursor, manifest)
    query = [("occurred_at[after]", since), ("sort_by[asc]", "occurred_at")]
    rows, after = await listing.page(site, "/events", "event", query, offset=offset)
    seen = [at for row in rows if type(at := row.get("occurred_at")) is int]
    newest = max([newest, *seen])
    if not after:
        since, newest = max(since, newest - manifest.poll_overlap_s), 0
    return Page(
        bodies=tuple(strict_json.dumps(row).encode() for row in rows),
        cursor=json.dumps([since, newest, after]),
        more=bool(after),
    )


def _read(cursor: str, manifest: Manifest) -> tuple[int, int, str]:
    """Seconds after which events are listed, the newest seen in this window, and its place."""
    if not cursor:
        return int(now().timestamp()) - manifest.first_lookback_s, 0, ""
    try:
        since, newest, offset = json.loads(cursor)
        return int(since), int(newest), str(offset)
    except (ValueError, TypeError) as error:
        raise PayloadUnreadable("The poll's cursor cannot be read.") from error

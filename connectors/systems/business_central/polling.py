"""
Customers that changed since the last poll, and the subscriptions that tell of changes sooner.

The cursor is the instant of the newest change read, less the overlap: a change is stamped before
it is committed, so that one may become visible after others with a later stamp.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.contract import CallFailed, Outcome, Page, PayloadUnreadable
from connectors.manifest import Manifest
from connectors.systems.business_central import subscribing, told
from connectors.systems.business_central.books import Library
from connectors.systems.business_central.wire import Central
from revops.kernel import strict_json
from revops.kernel.clock import now


async def poll(central: Central, library: Library, manifest: Manifest, *, cursor: str) -> Page:
    """Raises Problem, or CallFailed for customers that cannot be read."""
    await subscribing.keep(central, library)
    since = _since(cursor, manifest)
    found: list[tuple[datetime, bytes]] = []
    for books in library.books.values():
        company = {"id": books.company, "entity": books.entity}
        for row in await central.rows(
            f"{books.path}/customers",
            filter=f"lastModifiedDateTime ge {since:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            orderby="lastModifiedDateTime",
        ):
            try:
                field = "lastModifiedDateTime"
                changed = told.instant(row.get(field), field=field)
            except PayloadUnreadable as error:
                raise CallFailed(
                    Outcome.REFUSED, f"What Business Central lists is unreadable: {error}"
                ) from error
            body = strict_json.dumps({"company": company, "customer": row}).encode()
            found.append((changed, body))
    found.sort(key=lambda one: one[0])
    newest = found[-1][0] - timedelta(seconds=manifest.poll_overlap_s) if found else since
    bodies = tuple(body for _, body in found)
    return Page(bodies, max(newest, since).isoformat(), more=False)


def _since(cursor: str, manifest: Manifest) -> datetime:
    if not cursor:
        return now() - timedelta(seconds=manifest.first_lookback_s)
    try:
        return told.instant(cursor, field="cursor")
    except PayloadUnreadable as error:
        raise CallFailed(Outcome.REFUSED, "The cursor is none of this connector's.") from error

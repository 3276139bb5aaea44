"""
Subscriptions to changes. They end after three days unless they are renewed, and making or renewing
one lets Business Central call our address with a token that has to come back (``handshake``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from connectors.problem import Problem
from connectors.systems.business_central.books import Library
from connectors.systems.business_central.wire import Central, Row
from revops.kernel.clock import now

# What of each company we want to be told of.
RESOURCES: Final = ("customers", "salesInvoices", "salesCreditMemos", "journals")
_RENEWED_BEFORE: Final = timedelta(days=1)


async def keep(central: Central, library: Library) -> None:
    """
    Make what is missing and renew what ends within a day, when the connection names its address.
    A refusal stops nothing: polling finds what is not told, and the probe says so.
    """
    address = central.said("notification_url")
    if not address:
        return
    try:
        ours = {str(row.get("resource")): row for row in await _ours(central, address)}
        for books in library.books.values():
            for name in RESOURCES:
                resource = f"/api/v2.0/{books.path}/{name}"
                await _keep(central, address, resource, ours.get(resource))
    except Problem as problem:
        if problem.code in ("throttled", "session", "not_sent"):
            raise


async def told(central: Central) -> str:
    """What subscriptions there are, in words. Raises Problem."""
    address = central.said("notification_url")
    if not address:
        return "Not asked for: without this connection's address, changes are found by polling"
    ends = [end for row in await _ours(central, address) if (end := _instant(row))]
    if not ends:
        return "No subscription stands yet; it is made with the next poll"
    return f"{len(ends)} subscriptions, the first ends {min(ends):%Y-%m-%d %H:%M} UTC"


async def _keep(central: Central, address: str, resource: str, row: Row | None) -> None:
    values = {
        "notificationUrl": address,
        "resource": resource,
        "clientState": central.settings.secrets.get("client_state", ""),
    }
    if row is None:
        await central.call("POST", "subscriptions", values)
        return
    ends = _instant(row)
    if ends is None or ends - now() < _RENEWED_BEFORE:
        place = f"subscriptions('{quote(str(row.get('subscriptionId')), safe='')}')"
        await central.call("PATCH", place, values, match=str(row.get("@odata.etag") or "*"))


async def _ours(central: Central, address: str) -> Sequence[Row]:
    rows = await central.rows("subscriptions")
    return [row for row in rows if row.get("notificationUrl") == address]


def _instant(row: Mapping[str, Any]) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(row.get("expirationDateTime")))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None

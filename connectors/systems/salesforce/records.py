"""A record's envelope: what it is, which version of it, and whether it says anything."""

from __future__ import annotations

import re
from typing import Any, Final

from connectors.contract import Envelope, PayloadUnreadable
from connectors.systems.salesforce import agreements, wire
from connectors.systems.salesforce.wire import Json
from revops.kernel import strict_json
from revops.kernel.keys import sha256

# When a record was read by its id, by our clock; Salesforce has no such field.
READ_AT: Final = "ReadAt"
# Our clock and Salesforce's may differ by a little.
_OVER_MS: Final = 5000
_LAST_MS: Final = 500

_VERSION = re.compile(r"/services/data/v([0-9.]{4,6})/")


def opened(record: Any) -> Envelope:
    """
    A record as a query lists it, ``{"attributes": {"type": "Account", …}, "Id": …}``.

    Raises PayloadUnreadable. Its id names record, stamp and content: stamps have whole seconds,
    and what a record holds may change twice within one.
    """
    if not isinstance(record, dict):
        raise PayloadUnreadable("The body is no record.")
    attributes = wire.part(record.get("attributes"))
    kind, identity = wire.text(attributes.get("type"), 60), record.get("Id")
    if not kind or not wire.is_id(identity):
        raise PayloadUnreadable("The record has no type or no id.")
    stamp = version(record)
    found = _VERSION.search(wire.text(attributes.get("url")))
    return Envelope(
        event_id=f"{identity}:{stamp}:{sha256(strict_json.dumps(record))[:16]}",
        type=kind,
        account="",
        object_type=kind,
        object_id=str(identity),
        object_version=stamp,
        occurred_at=wire.instant(record.get("SystemModstamp"), field="SystemModstamp"),
        raw=record,
        schema_version=f"v{found[1]}" if found else "",
        livemode=True,
        ignored=_ignored(record, kind),
        # Polling is the way in: what it finds is no missed message.
        polled=True,
    )


def version(record: Json) -> int:
    """
    Milliseconds of the newest stamp in it: a contract changes with its orders.

    Stamps have whole seconds. What was read for its own sake, once the stamp's second was surely
    over, is what that second left behind: newer than all that was told of it, and older than
    whatever the next one brings.
    """
    stamps = [wire.stamp(record.get("SystemModstamp"), field="SystemModstamp")]
    stamps += [
        wire.stamp(order.get("SystemModstamp"), field="SystemModstamp")
        for order in wire.children(record, agreements.ORDERS)
        if order.get("SystemModstamp") is not None
    ]
    newest = max(stamps)
    read_at = record.get(READ_AT)
    over = read_at is not None and wire.stamp(read_at, field=READ_AT) >= newest + _OVER_MS
    return newest + _LAST_MS if over else newest


def _ignored(record: Json, kind: str) -> str:
    if record.get("IsDeleted") is not True:
        return ""
    if kind == "Account" and record.get("MasterRecordId"):
        return ""
    return "It was deleted in Salesforce; what we know of it stays."

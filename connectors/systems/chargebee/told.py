"""The outside of an event: which one, of which resource, in which version."""

from __future__ import annotations

from connectors.bodies import opened
from connectors.contract import Envelope, PayloadUnreadable
from connectors.systems.chargebee import entitlements, translate, types, wire


def envelope(body: bytes) -> Envelope:
    """
    ``object_version`` is the newest ``resource_version`` of what the event is about and of the
    invoice that comes with it (milliseconds of one clock). Raises PayloadUnreadable.
    """
    event = opened(body, what="event object")
    identity = wire.text(event.get("id"), 120)
    kind = wire.text(event.get("event_type"), 120)
    if not identity or not kind:
        raise PayloadUnreadable("The event has no “id” or no “event_type”.")
    at = wire.instant(event.get("occurred_at"), field="occurred_at")
    content = wire.part(event.get("content"))
    name = types.resource_of(kind)
    obj = wire.part(content.get(name))
    beside = content.get("invoice") if name == "transaction" else None
    version = wire.version(obj, beside)
    read = kind.endswith(types.READ)
    about = wire.text(obj.get("id"), 120)
    if name == entitlements.NAME:
        about = entitlements.subscription_of(kind, content)
    return Envelope(
        event_id=identity,
        type=kind,
        account="",
        object_type=name,
        object_id=about,
        # What is read shows all that was told before, and is newer than the last of it.
        object_version=(version or int(at.timestamp() * 1000)) + read,
        occurred_at=at,
        raw=event,
        schema_version=wire.text(event.get("api_version"), 60),
        ignored=translate.ignored(kind, content),
        # The rest counts deliveries, and differs between a webhook and a poll; when something was
        # read is our own moment, and another one each time.
        content={
            "event_type": kind,
            **({} if read else {"occurred_at": event.get("occurred_at")}),
            "content": content,
        },
        polled=read,
    )

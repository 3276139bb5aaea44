"""Stripe: events by webhook and polling, lists for reconciliation, and requests to bill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors import schemes
from connectors.bodies import opened
from connectors.contract import (
    Command,
    Envelope,
    Found,
    Page,
    PayloadUnreadable,
    ProbeStep,
    Receipt,
    Settings,
    SnapshotRow,
)
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.systems.stripe import (
    holding,
    listing,
    payloads,
    polling,
    reading,
    sending,
    snapshots,
    translate,
    types,
    wire,
)
from connectors.systems.stripe.heard import Heard
from revops.contracts.base import EventData

_END_OF_SECOND: Final = timedelta(milliseconds=900)


class Stripe:
    """EventSource, ObjectSource, CommandSink, SnapshotSource and Probe."""

    own_members: Final = frozenset({"account", "object_version"})

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        schemes.verify_timestamped(
            body=body, header=headers.get("stripe-signature", ""), secrets=secrets, at=at
        )

    def open(self, body: bytes) -> Envelope:
        """
        ``account`` is given by Stripe only for connected accounts. ``object_version`` is the
        event's second (Stripe has nothing finer), except for bodies that our poll made.
        """
        event = opened(body, what="event object")
        event_id, kind = wire.text(event.get("id"), 120), wire.text(event.get("type"), 120)
        if not event_id or not kind:
            raise PayloadUnreadable("The event has no id or no type.")
        created, occurred_at = _moment(event.get("created"))
        read = kind.endswith(types.READ)
        if read:
            occurred_at += _END_OF_SECOND
        data = wire.part(event.get("data"))
        obj, previous = wire.part(data.get("object")), wire.part(data.get("previous_attributes"))
        version = event.get("object_version")
        return Envelope(
            event_id=event_id,
            type=kind,
            account=wire.text(event.get("account"), 120),
            object_type=wire.text(obj.get("object"), 60),
            object_id=wire.text(obj.get("id"), 120),
            object_version=version if type(version) is int else created,
            occurred_at=occurred_at,
            raw=event,
            schema_version=wire.text(event.get("api_version"), 60),
            livemode=event.get("livemode") is True,
            ignored=translate.ignored(kind, obj, previous),
            # The rest counts deliveries, and differs between a webhook and a poll.
            content={"type": kind, "created": created, "data": event.get("data")},
            polled=read or kind in types.MADE_BY_POLLING,
        )

    def translate(self, envelope: Envelope, settings: Settings) -> Sequence[EventData]:
        _belongs(envelope, settings)
        if envelope.ignored:
            return ()
        data = wire.part(envelope.raw.get("data"))
        heard = Heard(
            obj=wire.part(data.get("object")),
            previous=wire.part(data.get("previous_attributes")),
            created=int(envelope.occurred_at.timestamp()),
            zone=settings.zone,
            parameters=settings.parameters,
        )
        return translate.events(envelope.type, heard)

    async def poll(self, client: Client, settings: Settings, *, cursor: str) -> Page:
        return await polling.poll(client, settings, self.manifest, cursor=cursor)

    async def fetch(
        self, client: Client, settings: Settings, object_type: str, object_id: str
    ) -> bytes | None:
        """As the object was at the end of a second that is surely over."""
        return await reading.fetch(client, settings, object_type, object_id)

    def digest(self, payload: Mapping[str, Any]) -> str:
        return payloads.digest(payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """``connectors.billing`` says what can be asked for, and in which shape."""
        return [await sending.send(client, settings, command) for command in commands]

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        return await holding.under(client, settings, keys)

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        return await listing.probe(client, settings)

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """``kind``: invoice, payment, refund, credit, dispute or payout."""
        return await snapshots.page(
            client, settings, kind=kind, start=start, end=end, cursor=cursor
        )


def _moment(value: Any) -> tuple[int, datetime]:
    """Seconds and instant of an event; version 2 events, which we only quarantine, write ISO."""
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError as error:
            raise PayloadUnreadable("The event's time cannot be read.") from error
        moment = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return int(moment.timestamp()), moment.astimezone(UTC)
    moment = wire.instant(value, field="created")
    return int(moment.timestamp()), moment


def _belongs(envelope: Envelope, settings: Settings) -> None:
    """Raises PayloadUnreadable for events of another account or of Stripe's other world."""
    account = settings.parameters.get("account") or ""
    if account and envelope.account not in ("", account):
        raise PayloadUnreadable(
            f"The event belongs to the account {envelope.account}, not to {account}."
        )
    mode = settings.parameters.get("mode") or "any"
    if mode != "any" and envelope.livemode != (mode == "live"):
        found = "live" if envelope.livemode else "test"
        raise PayloadUnreadable(f"The event is of {found} mode; this connection is for {mode}.")


connector = Stripe()

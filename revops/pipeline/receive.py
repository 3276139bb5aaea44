"""
The door: prove who sent it, store it once, answer. Nothing is understood here beyond its envelope.

Webhooks, polls, the API and files all end in ``record``; after it the sender may forget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from connectors import schemes
from connectors.contract import Envelope, PayloadUnreadable, Reply, SignatureInvalid
from connectors.models import Connection
from revops.contracts import registry as contracts
from revops.contracts.base import EventData
from revops.events import operations as inbox
from revops.events.models import Channel
from revops.events.operations import Arrival, Claimed, Recorded, Stored
from revops.kernel import cards, clock, correlation, strict_json
from revops.kernel.keys import sha256
from revops.pipeline import problems, sources, wake
from revops.pipeline.normalize import API_TYPE, OWN_TYPE
from revops.pipeline.sources import Source
from revops.store import rows


class HookUnknown(LookupError):
    """No connection listens at this address."""


class SourceUnknown(LookupError):
    """No connection of that name."""


class ToldDifferently(ValueError):
    """An event of our own was told before under the same id, with other content."""


def receive(
    *, public_id: str, body: bytes, headers: Mapping[str, str], correlation_id: str
) -> Recorded:
    """
    A webhook. Header names are lower case.

    Raises HookUnknown, SignatureInvalid (also when the event belongs to another account),
    PayloadUnreadable, or psycopg errors when it cannot be stored.
    """
    try:
        source = sources.by_hook(public_id)
    except Connection.DoesNotExist as error:
        raise HookUnknown(public_id) from error
    source.connector.verify(
        body=body, headers=headers, secrets=source.signing_secrets, at=clock.now()
    )
    body = _without_secrets(source, body)
    body, cards_found = cards.redact(body)
    envelope = source.connector.open(body)
    if source.account and envelope.account and envelope.account != source.account:
        raise SignatureInvalid("The event belongs to another account.")
    recorded = store(
        source, envelope, body, Channel.WEBHOOK, correlation_id, cards_found=cards_found
    )
    wake.line(source.id)
    return recorded


def handshake(*, public_id: str, query: Mapping[str, str]) -> Reply | None:
    """What a call that only asks whether somebody listens is answered. Raises HookUnknown."""
    try:
        source = sources.by_hook(public_id)
    except Connection.DoesNotExist as error:
        raise HookUnknown(public_id) from error
    say = getattr(source.connector, "handshake", None)
    reply: Reply | None = say(query) if say else None
    return reply


def _without_secrets(source: Source, body: bytes) -> bytes:
    """Who proves itself by a secret in the body (``client_state``) is kept without it."""
    signature = source.manifest.signature
    if signature is None or signature.scheme != "client_state":
        return body
    return schemes.without_client_state(body)


def answer(*, public_id: str, body: bytes) -> Reply | None:
    """What the sender of a webhook that ``receive`` took waits for, beyond that it was taken."""
    source = sources.by_hook(public_id)
    say = getattr(source.connector, "answer", None)
    reply: Reply | None = say(body) if say else None
    return reply


def store(
    source: Source,
    envelope: Envelope,
    body: bytes,
    channel: Channel,
    correlation_id: str,
    *,
    cards_found: int = 0,
) -> Recorded:
    """
    Store one opened envelope of a source, whatever channel it came by. Card numbers have been taken
    out of both (``cards.redact``); ``cards_found`` says that there were some, which is a case.
    """
    content = envelope.raw if envelope.content is None else envelope.content
    recorded = inbox.record(
        Arrival(
            connection_id=source.id,
            account=_fit(envelope.account or source.account, 120),
            source_event_id=_fit(envelope.event_id, 200),
            channel=channel,
            type=_fit(envelope.type, 120),
            schema_version=_fit(envelope.schema_version, 40),
            object_type=_fit(envelope.object_type, 60),
            object_id=_fit(envelope.object_id, 200),
            object_version=envelope.object_version,
            occurred_at=envelope.occurred_at,
            body=body,
            content_sha256=sha256(strict_json.dumps(content)),
            correlation_id=correlation_id,
        )
    )
    if recorded.stored is Stored.CONFLICT:
        with rows.behind_the_door():
            problems.report([problems.told_twice(source, envelope, recorded.id, correlation_id)])
    if cards_found and recorded.stored is Stored.NEW:
        with rows.behind_the_door():
            problems.report([problems.card_numbers(source, envelope, recorded.id, correlation_id)])
    return recorded


def store_body(source: Source, body: bytes, channel: Channel) -> Recorded:
    """A body found by polling or in a file; whatever it is, it is stored."""
    return store_found(source, body, channel)[1]


def store_found(source: Source, body: bytes, channel: Channel) -> tuple[Envelope, Recorded]:
    """The same, with its envelope."""
    body, cards_found = cards.redact(body)
    envelope = opened(source, body)
    story = correlation.new_id()
    return envelope, store(source, envelope, body, channel, story, cards_found=cards_found)


def opened(source: Source, body: bytes) -> Envelope:
    """
    The envelope of a body. One that cannot even be named goes under its own hash, so that the line
    quarantines it and a person sees it.
    """
    try:
        envelope: Envelope = source.connector.open(body)
    except PayloadUnreadable:
        digest = sha256(body)
        return Envelope(
            event_id=f"unreadable:{digest}",
            type="unreadable",
            account="",
            object_type="",
            object_id="",
            object_version=0,
            occurred_at=clock.now(),
            raw={"sha256": digest},
        )
    return envelope


@dataclass(frozen=True, slots=True)
class Offered:
    """An event of the published language, as the API takes it; ``data`` is parsed JSON."""

    id: str
    contract: str
    occurred_at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Accepted:
    """``inbound_id`` names the stored event for following it."""

    id: str
    inbound_id: int
    stored: Stored


def accept(
    *, connection_slug: str, items: Sequence[Offered], channel: Channel, correlation_id: str
) -> list[Accepted]:
    """
    Events through the API or from a file, idempotent by their id.

    Raises SourceUnknown, and for the first item that does not hold ContractUnknown or
    ContractBroken; then none of the items is stored.
    """
    accepted, connection_id = _accept(connection_slug, items, channel, correlation_id, API_TYPE)
    wake.line(connection_id)
    return accepted


def tell(*, connection_slug: str, items: Sequence[Offered], correlation_id: str) -> list[Accepted]:
    """
    What this console itself has to tell about records of a system, such as that a credit was
    approved: through the line like everything else, in the caller's transaction. That system may
    be asked to do what follows from it. Idempotent by id.

    Raises what ``accept`` raises, and ToldDifferently when an id was used for other content.
    """
    # An event is nobody's before it is understood: whoever's page tells it, it is stored.
    with rows.widened():
        accepted, connection_id = _accept(
            connection_slug, items, Channel.API, correlation_id, OWN_TYPE
        )
    other = [one.id for one in accepted if one.stored is Stored.CONFLICT]
    if other:
        raise ToldDifferently(f"Something else was told before as {', '.join(other)}.")
    transaction.on_commit(partial(wake.line, connection_id), robust=True)
    return accepted


def _accept(
    connection_slug: str, items: Sequence[Offered], channel: Channel, correlation_id: str, kind: str
) -> tuple[list[Accepted], int]:
    try:
        source = sources.by_slug(connection_slug)
    except Connection.DoesNotExist as error:
        raise SourceUnknown(f"There is no connection “{connection_slug}”.") from error
    read = [(item, contracts.read(item.contract, _without_cards(item.data))) for item in items]
    accepted: list[Accepted] = []
    for item, data in read:
        body = _body(item, data)
        recorded = inbox.record(
            Arrival(
                connection_id=source.id,
                account=source.account,
                source_event_id=_fit(item.id, 200),
                channel=channel,
                type=kind,
                schema_version=data.contract,
                object_type=data.subject,
                object_id=data.subject_id,
                object_version=int(item.occurred_at.timestamp()),
                occurred_at=item.occurred_at,
                body=body.encode(),
                content_sha256=sha256(body),
                correlation_id=correlation_id,
            )
        )
        accepted.append(Accepted(item.id, recorded.id, recorded.stored))
    return accepted, source.id


def imagined(*, connection_slug: str, item: Offered) -> Claimed:
    """
    An event of our own as the line would claim it, stored in a transaction that is rolled back.
    Raises what ``tell`` raises.
    """
    (stored,), _ = _accept(connection_slug, [item], Channel.API, "imagined", OWN_TYPE)
    body = _body(item, contracts.read(item.contract, item.data)).encode()
    return Claimed(
        stored.inbound_id, 1, Channel.API, OWN_TYPE, body, "imagined", 0, False, "", None,
        item.occurred_at,
    )  # fmt: skip


def _body(item: Offered, data: EventData) -> str:
    return strict_json.dumps(
        {
            "contract": data.contract,
            "data": data.model_dump(mode="json"),
            "id": item.id,
            "occurred_at": item.occurred_at.isoformat(),
        }
    )


def _without_cards(data: Mapping[str, Any]) -> Any:
    """Events of our own language hold no card either, wherever somebody may have typed one."""
    text, found = cards.redact(strict_json.dumps(dict(data)).encode())
    return strict_json.loads(text) if found else data


def _fit(text: str, longest: int) -> str:
    if len(text) > longest:
        raise PayloadUnreadable(f"An identifier is longer than {longest} characters.")
    return strict_json.storable(text)[0]

"""A system that tells us things: by webhooks, when it is asked, or many records a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from connectors.contract.settings import Settings

if TYPE_CHECKING:
    from connectors.http import Client
    from connectors.manifest import Manifest
    from revops.contracts.base import EventData


@dataclass(frozen=True, slots=True)
class Envelope:
    """
    A raw event's outside: enough to store, deduplicate and order it without understanding it.

    ``object_version`` orders versions of one object (larger is newer; 0 when unknown); ``raw`` is
    the parsed body. ``ignored`` says in words why an event that we know needs nothing done.
    ``content`` is the part that may not differ between two deliveries of one event (counters of
    pending deliveries may); all of ``raw`` when it is None. ``polled`` marks a fact that only
    asking can bring: finding it by a poll means no missed webhook.
    """

    event_id: str
    type: str
    account: str
    object_type: str
    object_id: str
    object_version: int
    occurred_at: datetime
    raw: Mapping[str, Any]
    schema_version: str = ""
    livemode: bool = False
    ignored: str = ""
    content: Mapping[str, Any] | None = None
    polled: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a poll: raw bodies as the webhook would have carried them."""

    bodies: tuple[bytes, ...]
    cursor: str
    more: bool


class EventSource(Protocol):
    """
    A system that tells us what happened.

    One that puts members of its own into the bodies that it polls or fetches, such as when it read
    them, names these in ``own_members``: they are no drift of the system's data.
    """

    manifest: Manifest

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        """Header names are lower case. Raises SignatureInvalid. Several secrets: any may match."""

    def open(self, body: bytes) -> Envelope:
        """Raises PayloadUnreadable."""

    def translate(self, envelope: Envelope, settings: Settings) -> Sequence[EventData]:
        """
        The business events in it, in the order in which they happened; empty when there are none.

        Raises TypeUnknown for types and versions that are not known, PayloadUnreadable or
        revops.contracts.registry.ContractBroken for drifted shapes. No I/O.
        """

    async def poll(self, client: Client, settings: Settings, *, cursor: str) -> Page:
        """
        Events since ``cursor`` ("" = the manifest's first look-back), oldest first. The cursor of
        the answer already contains the overlap that late events need. Raises CallFailed.
        """


@dataclass(frozen=True, slots=True)
class Reply:
    """What the answer to a stored webhook holds, when its sender waits for more than a 200."""

    body: bytes
    content_type: str


class Answering(Protocol):
    """An EventSource whose webhooks want an answer in its own words."""

    def answer(self, body: bytes) -> Reply | None:
        """To a webhook that is stored; None when a plain 200 is enough. Raises nothing."""


class Handshaking(Protocol):
    """An EventSource whose system first asks whether its address listens, before it sends there."""

    def handshake(self, query: Mapping[str, str]) -> Reply | None:
        """
        The answer to a call that only asks, by what stands in its address; None for all others.
        Nothing proves who calls: it is told nothing but what it said. Raises nothing.
        """


class UsageSource(Protocol):
    """A product that tells what customers use, many records a call; they never enter the inbox."""

    manifest: Manifest

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        """As EventSource.verify."""

    def usage(
        self, body: bytes, headers: Mapping[str, str], settings: Settings
    ) -> Sequence[Mapping[str, Any]]:
        """
        The calls' records, parsed, each as a CloudEvent 1.0 whose ``data`` names customer_id or
        subscription_id, meter, quantity. What a single record lacks is found later; raises
        PayloadUnreadable only when there are no records to be seen at all.
        """


class ObjectSource(Protocol):
    """A system that can be asked for one object; its manifest has the capability ``fetch``."""

    async def fetch(
        self, client: Client, settings: Settings, object_type: str, object_id: str
    ) -> bytes | None:
        """
        The object as it is now, as a body that ``open`` reads, with a version newer than any event
        told before; None when it is gone. ``object_type`` and ``object_id`` are those of an
        envelope. Raises CallFailed.
        """

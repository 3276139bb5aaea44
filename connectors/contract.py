"""
What a connector promises. Pure: neither Django nor Celery.

A connector is one object with a manifest and any of three abilities: ``EventSource`` (it tells us
things), ``CommandSink`` (we ask it to do things), ``SnapshotSource`` (it lists what it holds).
Connectors classify what a vendor answered; they never retry, wait, or keep state of their own.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from connectors.http import Client
    from connectors.manifest import Manifest
    from revops.contracts.base import EventData


class Outcome(enum.StrEnum):
    """What an answer means, whatever its HTTP status was. WORKING: see ``problem.Working``."""

    OK = "ok"
    ALREADY_DONE = "already_done"
    WORKING = "working"
    REFUSED = "refused"
    THROTTLED = "throttled"
    TRANSIENT = "transient"
    AUTH = "auth"
    IN_DOUBT = "in_doubt"
    NOT_SENT = "not_sent"


class Grade(enum.StrEnum):
    """
    What the target's idempotency lets us promise (docs/reliability.md).

    REPEATABLE is for messages alone, to people and to subscribers who know a message by its id: the
    target cannot be asked, ``find`` knows of nothing, and what is in doubt is sent again, because a
    second copy does less harm than none.
    """

    UNIQUE_KEY = "unique_key"
    IDEMPOTENT_WINDOW = "idempotent_window"
    READ_ONLY_CHECK = "read_only_check"
    REPEATABLE = "repeatable"


class SignatureInvalid(Exception):
    """The call does not prove that it comes from the configured system."""


class PayloadUnreadable(ValueError):
    """The body cannot be understood at all; the message says why in the sender's words."""


class TypeUnknown(ValueError):
    """The event type or its version is not one that this connector knows: quarantine it."""


class NeedsFetch(Exception):
    """
    A thin event: its object must be asked for. With ``ObjectSource`` it is fetched and stored as an
    event of its own; otherwise the source is polled at once.
    """


@dataclass(frozen=True, slots=True)
class Settings:
    """A connection as its connector sees it: parameters and opened secrets."""

    slug: str
    base_url: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    zone: str = "UTC"


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


class Configured(Protocol):
    """A connector that parameters make what it is: each connection has one of its own."""

    def configured(self, settings: Settings) -> Any:
        """The connector for these settings; cheap, no I/O, raises nothing. ``manifest`` is its."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a parameter that somebody typed, in a sentence."""

    parameter: str
    words: str


class Checking(Protocol):
    """A connector that can tell whether parameters can be used, before they are kept."""

    def check(self, parameters: Mapping[str, Any]) -> Sequence[Trouble]:
        """Those of a connection as they would be kept; empty when they are right. No I/O."""


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


@dataclass(frozen=True, slots=True)
class Command:
    """One thing we ask of a target. ``payload`` is frozen: a retry sends the same content."""

    key: str
    kind: str
    payload: Mapping[str, Any]
    payload_sha256: str
    correlation_id: str
    drafted_id: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    How one command ended.

    ``external_id`` on OK and ALREADY_DONE. ``drafted_id`` when the target holds a draft of it that
    still has to be posted, or works on it. ``reason`` is for people and never a vendor code alone;
    ``code`` is a stable word for grouping, such as ``period_closed``. ``retry_after`` in seconds.
    """

    outcome: Outcome
    external_id: str = ""
    external_number: str = ""
    drafted_id: str = ""
    code: str = ""
    reason: str = ""
    http_status: int | None = None
    excerpt: str = ""
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A document that the target holds under our key. ``content_sha256`` as ``digest`` makes it."""

    external_id: str
    external_number: str
    posted: bool
    content_sha256: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A side of a document: signed minor units of the books' currency, debit positive."""

    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """
    A document of the system's own, whoever made it. ``external_id`` as a Receipt would have it,
    ``dated`` an ISO day, ``key`` ours where it carries one.
    """

    external_id: str
    external_number: str
    posted: bool
    dated: str
    currency: str
    lines: tuple[HeldLine, ...]
    text: str = ""
    key: str = ""


class DocumentSource(Protocol):
    """A system that can be asked for a document by its number; capability ``documents``."""

    async def documents(
        self, client: Client, settings: Settings, *, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """
        What it holds in a legal entity's books under a number of its own; a number may come again
        in another year. Reads only. Raises CallFailed when the answer is not conclusive.
        """


class CommandSink(Protocol):
    """A system that does what we ask."""

    manifest: Manifest

    def digest(self, payload: Mapping[str, Any]) -> str:
        """The hash of what the target should hold for this payload; comparable with Found's."""

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """
        Do up to ``manifest.max_batch`` commands; one receipt for each, in order. Never raises for
        what a network or vendor can do: unknown outcomes are IN_DOUBT, nothing sent is NOT_SENT.
        """

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        What the target holds under each key; keys without a document are absent. Reads only.
        Raises CallFailed when the answer is not conclusive.
        """


class CallFailed(Exception):
    """A read did not succeed; ``outcome`` says how."""

    def __init__(self, outcome: Outcome, reason: str, *, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One line of *test connection*, in words."""

    label: str
    passed: bool
    detail: str = ""


class Probe(Protocol):
    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        """Read-only calls that show whether address, credentials and rights are right."""


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """
    One document as a system lists it, for reconciliation and control totals.

    ``key`` is what its counterpart elsewhere knows it by (“” when it has none), ``number`` what
    people call it, ``reference`` a text that may name the counterpart, ``group_key`` what several
    rows share, ``party`` the customer in the system's words, ``entity`` its hint of whose books
    they are. ``tax`` is within ``amount`` and ``due`` what of it is open; None: the system does not
    say. ``accounts``, of a posting, are debits less credits by currency and account code: in the
    books' currency, and beside it in the document's where that is another one.

    ``dated`` is a day in the connection's zone; where the system knows the instant, ``at`` (ISO
    8601) tells it, and the day is that of the books which the row belongs to.
    """

    kind: str
    external_id: str
    key: str
    currency: str
    amount: int
    dated: str
    state: str
    number: str = ""
    reference: str = ""
    group_key: str = ""
    party: str = ""
    entity: str = ""
    tax: int | None = None
    due: int | None = None
    accounts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    at: str = ""


class SnapshotSource(Protocol):
    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """Documents dated start..end (ISO days, inclusive) and the next cursor ("" at the end)."""

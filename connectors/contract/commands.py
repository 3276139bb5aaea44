"""A system that we ask to do things, and what it holds of what we asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from connectors.contract.outcomes import Outcome
from connectors.contract.settings import Settings

if TYPE_CHECKING:
    from connectors.http import Client
    from connectors.manifest import Manifest


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

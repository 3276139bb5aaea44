"""A system that lists what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from connectors.contract.settings import Settings

if TYPE_CHECKING:
    from connectors.http import Client


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

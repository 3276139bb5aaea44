"""Dynamics 365 Business Central: customers, documents, journals out; customers and books in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from connectors.contract import (
    Envelope,
    Found,
    NeedsFetch,
    Page,
    PayloadUnreadable,
    Reply,
    Settings,
    TypeUnknown,
)
from connectors.erps import Erp, Parts
from connectors.http import Client
from connectors.problem import read_only
from connectors.systems.business_central import (
    books,
    customers,
    forms,
    listing,
    lookup,
    polling,
    posting,
    probe,
    told,
)
from connectors.systems.business_central.books import Library
from connectors.systems.business_central.wire import SYSTEM, Central
from revops.contracts.base import EventData

_LONGEST_TOKEN: Final = 1024


class BusinessCentral(Erp[Central, Library]):
    """EventSource and Handshaking as well; accepts the four postings and ``customer.upsert``."""

    def __init__(self) -> None:
        parts = Parts(
            system=SYSTEM,
            caller=Central,
            shelf=books.shelf(),
            upsert=customers.upsert,
            post=posting.run,
            steps=probe.steps,
            page=listing.page,
            numbered=lookup.by_number,
        )
        super().__init__(__file__, parts)

    def handshake(self, query: Mapping[str, str]) -> Reply | None:
        """Business Central's handshake: its ``validationToken`` comes back as it is."""
        token = query.get("validationToken", "")
        if not token or len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        return Reply(token.encode("ascii"), "text/plain; charset=utf-8")

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        told.verify(body, secrets)

    def open(self, body: bytes) -> Envelope:
        return told.opened(body)

    def translate(self, envelope: Envelope, settings: Settings) -> Sequence[EventData]:
        """Raises NeedsFetch for a notification: what changed is read by the poll."""
        if envelope.type == told.NOTIFICATION:
            raise NeedsFetch("The notification names what changed; it is read by a poll.")
        if envelope.type != told.CUSTOMER:
            raise TypeUnknown(f"“{envelope.type}” is nothing that this console reads.")
        if not isinstance(envelope.raw.get("customer"), Mapping):
            raise PayloadUnreadable("“customer” is no object.")
        return told.translate(envelope.raw)

    async def poll(self, client: Client, settings: Settings, *, cursor: str) -> Page:
        """Customers; on the way, subscriptions are made and renewed."""
        central = Central(client, settings)
        with read_only():
            library = await self._shelf.get(central)
            return await polling.poll(central, library, self.manifest, cursor=cursor)

    def content(self, payload: Mapping[str, Any]) -> str:
        return forms.content_of(payload)

    async def held(
        self, system: Central, library: Library, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        Drafts and what is posted, in every company. Customers have no place for a key: what was
        asked of one is never found, and asking again changes nothing.
        """
        found: dict[str, list[Found]] = {}
        for one in library.books.values():
            for key, held in (await lookup.by_keys(system, one, keys)).items():
                found.setdefault(key, []).extend(_one_each(held))
        return found


def _one_each(held: Sequence[lookup.Held]) -> list[Found]:
    """A posted one and the draft that it was made of are one document: the draft is passed over."""
    posted = [one for one in held if one.posted]
    return [one.found for one in posted or held]


connector = BusinessCentral()

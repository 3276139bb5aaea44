"""Tryton as a ledger: journals, invoices and customers in, what it holds out. For series 8.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import Found, Settings
from connectors.customers import Customer
from connectors.erps import Erp, Parts
from connectors.http import Client
from connectors.problem import read_only
from connectors.systems.tryton import books, customers, journal, listing, posting, probe
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.lookup import by_keys, by_number
from connectors.systems.tryton.wire import SYSTEM, Tryton


class TrytonConnector(Erp[Tryton, Library]):
    """
    Accepts the four postings and ``customer.upsert``. Journals and invoices are drafted and posted,
    one by REST, several in one transaction for each step.

    Kind ``journal``: all moves in the range, ours or not, drafts included; the move of an invoice
    of ours under that invoice's id and key. ``invoice``, ``credit_memo``, ``payment``: all posted
    ones with what is open, ours or not; dated by accounting date. ``customer`` and ``account``: all
    there are. ``period``: those that the range touches.
    """

    def __init__(self) -> None:
        parts = Parts(
            system=SYSTEM,
            caller=Tryton,
            shelf=books.shelf(),
            upsert=customers.upsert,
            post=posting.run,
            steps=probe.steps,
            page=listing.page,
            numbered=by_number,
        )
        super().__init__(__file__, parts)

    def content(self, payload: Mapping[str, Any]) -> str:
        return journal.content_of(payload)

    def content_of(self, customer: Customer) -> str:
        return customers.content(customer)

    async def held(
        self, system: Tryton, library: Library, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        What is posted by key, moves and invoices, or the draft when nothing is posted; parties.

        A draft is not in the books: of several only the first is told, and none beside a posted
        document; the next ``send`` of the key deletes the others.
        """
        held = await by_keys(system, library, keys)
        found = {
            key: [one for one in known if one.posted] or known[:1] for key, known in held.items()
        }
        for key, parties in (await customers.by_keys(system, keys)).items():
            found[key] = [*found.get(key, ()), *parties]
        return found

    async def books(self, client: Client, settings: Settings) -> Library:
        """Companies with their accounts and periods, read anew. Raises CallFailed."""
        with read_only():
            return await self._shelf.get(Tryton(client, settings), fresh=True)


connector = TrytonConnector()

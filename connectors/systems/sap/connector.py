"""SAP S/4HANA Cloud: customers, invoices, credit memos, payments and journals out; books in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import Found
from connectors.erps import Erp, Parts
from connectors.systems.sap import books, customers, documents, listing, posting, probe
from connectors.systems.sap.books import Library
from connectors.systems.sap.wire import SYSTEM, Sap


class SapS4(Erp[Sap, Library]):
    """Accepts the four postings and ``customer.upsert``."""

    def __init__(self) -> None:
        parts = Parts(
            system=SYSTEM,
            caller=Sap,
            shelf=books.shelf(),
            upsert=customers.upsert,
            post=posting.run,
            steps=probe.steps,
            page=listing.page,
            numbered=documents.by_number,
        )
        super().__init__(__file__, parts)

    async def held(
        self, system: Sap, library: Library, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        In every company code. Business partners have no place for a key: what was asked of one is
        never found, and asking again changes nothing.
        """
        found: dict[str, list[Found]] = {}
        for one in library.books.values():
            for key, held in (await documents.by_keys(system, one, keys)).items():
                found.setdefault(key, []).extend(document.found(one) for document in held)
        return found


connector = SapS4()

"""Oracle Fusion Cloud Financials as a ledger: journals by import, documents by Receivables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import Found
from connectors.erps import Erp, Parts
from connectors.systems.oracle_fusion import (
    books,
    customers,
    importing,
    listing,
    lookup,
    posting,
    probe,
)
from connectors.systems.oracle_fusion.books import Library
from connectors.systems.oracle_fusion.wire import SYSTEM, Fusion


class FusionConnector(Erp[Fusion, Library]):
    """
    Accepts the four postings and ``customer.upsert``. A journal that Fusion is still importing is
    WORKING with the request in ``drafted_id``: the next ``send`` asks about that one. ``journal``
    lists journals of the general ledger, whoever made them, without those that come from
    Receivables, and each document of Receivables with its distributions.
    """

    def __init__(self) -> None:
        parts = Parts(
            system=SYSTEM,
            caller=Fusion,
            shelf=books.shelf(),
            upsert=customers.upsert,
            post=posting.run,
            steps=probe.steps,
            page=listing.page,
            numbered=lookup.by_number,
            read_anew=frozenset({"account", "period"}),
        )
        super().__init__(__file__, parts)

    async def held(
        self, system: Fusion, library: Library, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        What is posted by key, or what is not posted yet when nothing is. That there is nothing
        under a key is not known as long as an import is under way that may be its own.
        """
        found: dict[str, Sequence[Found]] = {}
        for key, held in (await lookup.by_keys(system, library, keys)).items():
            all_of = [one.found for one in held]
            found[key] = [one for one in all_of if one.posted] or all_of[:1]
        for key, parties in (await customers.by_keys(system, keys)).items():
            found[key] = [*found.get(key, ()), *parties]
        if any(key not in found for key in keys):
            await importing.all_over(system)
        return found


connector = FusionConnector()

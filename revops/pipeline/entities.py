"""Whose books an event belongs to."""

from __future__ import annotations

from collections.abc import Mapping

from revops.contracts.base import EventData
from revops.ledger.books import EntityBooks
from revops.store import sql

_HINTS = "SELECT hint, legal_entity_id FROM mappings_entitymap WHERE connection_id = %s"


class Entities:
    """A connection's hints, read once for a batch."""

    def __init__(self, connection_id: int, books: Mapping[int, EntityBooks]) -> None:
        self._books = books
        self._by_code = {entity.legal_entity: entity.id for entity in books.values()}
        self._hints = {row.hint: row.legal_entity_id for row in sql.rows(_HINTS, (connection_id,))}

    def of(self, data: EventData) -> int | None:
        """The entity's id: by the source's hint, by our own code for it, or by default."""
        hint = getattr(data, "legal_entity", "")
        if hint:
            return self._hints.get(hint) or self._by_code.get(hint)
        return self._hints.get("")

    @staticmethod
    def named(data: EventData) -> bool:
        """Whether the event itself says whose books it belongs to."""
        return bool(getattr(data, "legal_entity", ""))

    def zone_of(self, data: EventData) -> str | None:
        """None when it is not known whose they are, or while that entity has no books yet."""
        own = self._books.get(self.of(data) or 0)
        return own.zone if own is not None else None

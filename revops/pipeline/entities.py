"""Whose books an event belongs to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from revops.contracts.base import EventData
from revops.ledger.books import EntityBooks
from revops.pipeline.order import PARENTS
from revops.store import sql

# Kinds of records are our own names.
_KEPT = "SELECT legal_entity_id FROM canonical_{kind} WHERE connection_id = %s AND source_id = %s"
_HINTS = "SELECT hint, legal_entity_id FROM mappings_entitymap WHERE connection_id = %s"


class Entities:
    """A connection's hints, read once for a batch."""

    def __init__(self, connection_id: int, books: Mapping[int, EntityBooks]) -> None:
        self._connection_id = connection_id
        self._books = books
        self._held: dict[tuple[str, str], int | None] = {}
        self._told: dict[tuple[str, str], EventData] = {}
        self._missed: set[tuple[str, str]] = set()
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

    def learn(self, data: EventData) -> None:
        """What of this batch is told later may hang on the record that this one makes."""
        named = data.subject, data.subject_id
        if named not in data.needs:
            self._told[named] = data

    @property
    def missed(self) -> Collection[tuple[str, str]]:
        """(kind, source id) of what was asked for and is still not known."""
        return {named for named in self._missed if not self._is_known(named)}

    def hold(self, kind: str, source_id: str, entity_id: int | None) -> None:
        """A record that came to be known since belongs to this entity."""
        self._held[kind, source_id] = entity_id

    def found_since(self) -> bool:
        """Whether some of what was missed is known now, so that days may have been read wrong."""
        return any(self._is_known(named) for named in self._missed)

    def _is_known(self, named: tuple[str, str]) -> bool:
        return named in self._told or self._held.get(named) is not None

    def zone_of(self, data: EventData) -> str | None:
        """
        The zone of the books that it will belong to: a payment's day is one of its invoice's books,
        though it names none. None when it is not known whose they are, or while that entity has no
        books yet.
        """
        entity = (self._of_parent(data) if self._several_zones else None) or self.of(data)
        own = self._books.get(entity or 0)
        return own.zone if own is not None else None

    @cached_property
    def _several_zones(self) -> bool:
        return len({entity.zone for entity in self._books.values()}) > 1

    def _of_parent(self, data: EventData) -> int | None:
        """Of the record that it hangs on, as told in this batch or kept earlier."""
        for named in data.needs:
            if named[0] in PARENTS and (found := self._of_record(named)) is not None:
                return found
        return None

    def _of_record(self, named: tuple[str, str]) -> int | None:
        # What makes a record never needs one of its own kind, so that this ends.
        if (told := self._told.get(named)) is not None:
            return self._of_parent(told) or self.of(told)
        if named not in self._held:
            kind, source_id = named
            row = sql.one(_KEPT.format(kind=kind), (self._connection_id, source_id))
            self._held[named] = row.legal_entity_id if row is not None else None
        if self._held[named] is None:
            self._missed.add(named)
        return self._held[named]

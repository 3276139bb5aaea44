"""Which books and which story an event belongs to, and what it needs first. Reads only."""

from __future__ import annotations

from revops.canonical.operations import Batch
from revops.canonical.operations.apply import APPLY
from revops.contracts.base import EventData
from revops.pipeline.entities import Entities
from revops.pipeline.normalize import Meaning, Understood
from revops.pipeline.order import PARENTS, STORIES, UNDOING


class Belonging:
    """Of the events of one batch, whose ``records`` are loaded."""

    def __init__(self, records: Batch, entities: Entities) -> None:
        self._records = records
        self._entities = entities

    def entity_of(self, data: EventData) -> int | None:
        """A child belongs to its parent's books; others to those that their source hints at."""
        tables = self._records.tables
        if data.contract not in APPLY:
            return None
        for kind, source_id in data.needs:
            if kind in PARENTS:
                parent = tables.of(kind).get(source_id)
                if parent is not None and parent.legal_entity_id is not None:
                    return int(parent.legal_entity_id)
        return self._entities.of(data)

    def story_of(self, meaning: Meaning) -> str:
        """
        One correlation id from the first event of a business story to its latest: that of the
        record itself, of the nearest record above it, or of another system's that it refers to.
        """
        data, tables = meaning.data, self._records.tables
        own = tables.of(data.subject).get(data.subject_id)
        if own is not None:
            return str(own.correlation_id)
        for kind in STORIES:
            source_id = getattr(data, f"{kind}_id", "")
            parent = tables.of(kind).get(source_id) if source_id else None
            if parent is not None:
                return str(parent.correlation_id)
        for named in data.related:
            if named in self._records.stories:
                return self._records.stories[named]
        return meaning.inbound.correlation_id

    def waits(self, item: Understood) -> tuple[str, str] | None:
        """What the event needs first and does not tell of itself."""
        told: set[tuple[str, str]] = set()
        for meaning in item.meanings:
            unmet = self.unmet(meaning.data)
            if unmet and (unmet not in told or meaning.data.contract in UNDOING):
                return unmet
            told.add((meaning.data.subject, meaning.data.subject_id))
        return None

    def unmet(self, data: EventData) -> tuple[str, str] | None:
        """What the event needs first: also entries that it undoes, when this batch makes them."""
        if not self._records.owns(data, self.entity_of(data)):
            return None  # it will not land, so it waits for nothing
        if data.contract in UNDOING:
            table = self._records.tables.of(data.subject)
            row = table.get(data.subject_id)
            if row is not None and table.is_new(row):
                return data.subject, data.subject_id
        return self._records.unmet(data)

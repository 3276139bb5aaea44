"""What a batch leaves behind: business events, entries, links, commands, and what others hear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from revops.canonical.operations import Change, Effect
from revops.delivery import operations as delivery
from revops.events.operations import MEANINGS, Claimed
from revops.kernel import strict_json
from revops.ledger.books import EntityBooks
from revops.lineage.operations import LINKS
from revops.pipeline import dispatch
from revops.pipeline.flows.begin import Told, begin
from revops.pipeline.journalize import Knowledge
from revops.pipeline.journalize.record import Produced, record
from revops.pipeline.normalize import OWN_TYPE, Meaning
from revops.pipeline.sources import Source
from revops.store import sql


class Writing:
    """
    Collected while the batch is understood, written at once at its end. ``produced`` are drafts;
    ``links`` lead from a record to what it brought about; ``paid_out`` the payments of payouts.
    """

    def __init__(self, source: Source, batch: Sequence[Claimed]) -> None:
        self.produced: list[Produced] = []
        self.links: list[tuple[str, int, str, int]] = []
        self.paid_out: list[tuple[int, list[str]]] = []
        self._source = source
        self._claimed = batch
        self._fresh: set[int] = set()
        self._told: list[tuple[Meaning, str, str, str]] = []
        self._effects: dict[tuple[int, int], tuple[Meaning, Change, int | None, str, str]] = {}

    def tell(
        self, meaning: Meaning, change: Change, books: EntityBooks | None, story: str, note: str
    ) -> None:
        """An event of ours, with what it did to a record; ``books`` None where it has none."""
        entity = "" if books is None else books.legal_entity
        entity_id = None if books is None else books.id
        self._told.append((meaning, story, entity, note))
        self._effects[meaning.inbound.id, meaning.position] = (
            meaning, change, entity_id, story, note,
        )  # fmt: skip

    def effects_of(self, inbound_id: int) -> frozenset[Effect]:
        """What an event did to records, once it was understood."""
        return frozenset(
            change.effect for key, (_, change, *_) in self._effects.items() if key[0] == inbound_id
        )

    def write(
        self,
        known: Knowledge,
        books: Mapping[int, EntityBooks],
        *,
        came: Sequence[str],
        at: datetime,
    ) -> set[int]:
        """
        Business events, entries with lines and schedules, links, and the commands they cause.
        ``came`` are names of records that flows may wait for. The connections that got commands.
        """
        event_ids = self._write_meanings(at)
        written = record(self.produced, known, books, event_ids)
        for payout_id, items in self.paid_out:
            sql.run(_PAID_OUT, (payout_id, at, self._source.id, items))
        links = dict.fromkeys([*self.links, *written.links])
        LINKS.insert([(*link, at) for link in links], "ON CONFLICT DO NOTHING")
        orders = dispatch.orders(written.entries, books)
        delivery.enqueue(orders)
        posting = {order.subject_id for order in orders}
        told = self._followed(
            event_ids,
            {entry.business_event_id for entry in written.entries if entry.id in posting},
        )
        return {order.connection_id for order in orders} | begin(told, books, at=at, came=came)

    def _followed(
        self, event_ids: dict[tuple[int, int], int], posting: set[int | None]
    ) -> list[Told]:
        """What others are told of what changed, in the order of each event's flow."""
        return [
            Told(
                business_event_id=event_ids[key],
                data=meaning.data,
                record_kind=change.kind,
                record_id=change.record_id,
                legal_entity_id=entity_id,
                source_id=self._source.id,
                correlation_id=story,
                changed=change.owned and change.effect in (Effect.CREATED, Effect.CHANGED),
                posts=event_ids[key] in posting,
                note=note,
                ours=meaning.inbound.type == OWN_TYPE,
            )
            for key, (meaning, change, entity_id, story, note) in self._effects.items()
            if event_ids.get(key) in self._fresh
        ]

    def _write_meanings(self, at: datetime) -> dict[tuple[int, int], int]:
        again = [event.id for event in self._claimed if event.fence > 1]
        found = {(row.inbound_id, row.position): row.id for row in sql.rows(_TOLD, (again,))}
        told = [item for item in self._told if (item[0].inbound.id, item[0].position) not in found]
        ids = sql.new_ids("events_businessevent", len(told))
        self._fresh = set(ids)
        values = []
        for event_id, (meaning, story, entity, note) in zip(ids, told, strict=True):
            data = meaning.data
            found[meaning.inbound.id, meaning.position] = event_id
            values.append((
                event_id, meaning.inbound.id, meaning.position, data.contract, data.subject,
                data.subject_id, entity, strict_json.dumps(data.model_dump(mode="json")),
                meaning.occurred_at, at, story, note,
            ))  # fmt: skip
        MEANINGS.insert(values)
        return found


_PAID_OUT = """
INSERT INTO lineage_link (from_kind, from_id, to_kind, to_id, created_at)
SELECT 'payment', id, 'payout', %s, %s FROM canonical_payment
WHERE connection_id = %s AND source_id = ANY(%s) ON CONFLICT DO NOTHING
"""
_TOLD = "SELECT id, inbound_id, position FROM events_businessevent WHERE inbound_id = ANY(%s)"

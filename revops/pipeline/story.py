"""What a batch of events does, from meaning to stored command. Lives in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.manifest import Capability
from exceptions import operations as cases
from exceptions.findings import Finding
from revops.canonical.operations import Batch, Change, Effect, Telling
from revops.canonical.operations.apply import APPLY
from revops.contracts.base import EventData
from revops.contracts.payments import PayoutSettled
from revops.delivery import operations as delivery
from revops.events.models import InboxState
from revops.events.operations import MEANINGS, Claimed, Verdict
from revops.kernel import strict_json
from revops.ledger import operations as ledger
from revops.ledger.books import EntityBooks, all_books
from revops.ledger.drafts import CannotJournalize, JournalDraft
from revops.ledger.operations import NewEntry
from revops.lineage.operations import LINKS
from revops.pipeline import dispatch, fetch, ownership, problems
from revops.pipeline.entities import Entities
from revops.pipeline.flows.begin import Told, begin
from revops.pipeline.journalize import LATE, Facts, Knowledge, accounting_date, journalize
from revops.pipeline.journalize.late import placed
from revops.pipeline.journalize.record import Produced, record
from revops.pipeline.normalize import CORRECTED_TYPE, OWN_TYPE, Meaning, Understood, normalize
from revops.pipeline.order import BOOKED, PARENTS, STORIES, UNDOING, order
from revops.pipeline.sources import Source
from revops.pipeline.transform.base import account_of
from revops.store import sql


class Story:
    """
    ``verdicts`` of the events; ``known`` names of new records that parked events may wait for;
    ``mended`` names of records whose earlier trouble is over; ``targets``, the connections that
    got commands.
    """

    def __init__(
        self,
        source: Source,
        batch: Sequence[Claimed],
        *,
        books: Mapping[int, EntityBooks] | None = None,
    ) -> None:
        self.verdicts: list[Verdict] = []
        self.known: list[str] = []
        self.mended: list[str] = []
        self.targets: set[int] = set()
        self._source = source
        self._claimed = batch
        self._books = all_books() if books is None else books
        self._entities = Entities(source.id, self._books)
        self._records = Batch(source.id)
        self._findings: list[Finding] = []
        self._fresh: set[int] = set()
        self._entries: list[NewEntry] = []
        self._known = Knowledge()
        self._paid_out: list[tuple[int, list[str]]] = []
        self._produced: list[Produced] = []
        self._told: list[tuple[Meaning, str, str, str]] = []
        self._effects: dict[tuple[int, int], tuple[Meaning, Change, int | None, str, str]] = {}
        self._links: list[tuple[str, int, str, int]] = []
        self._tied: dict[int, tuple[str, str]] = {}

    def tell(self) -> None:
        """Everything but the verdicts, which the caller writes last."""
        at = self._understand()
        created = self._records.flush(at)
        self.known = [f"{self._source.id}:{name}" for name in created]
        self._findings.extend(ownership.drifted(self._records.drifted))
        self._write(at)
        settled = [
            verdict.id
            for verdict in self.verdicts
            if verdict.state in (InboxState.PROCESSED, InboxState.IGNORED)
        ]
        doubtful = {event.id for event in self._claimed if event.fence > 1}
        cases.settle(
            inbound_ids=[inbound for inbound in settled if inbound in doubtful],
            text="The event went through.",
            at=at,
        )
        ownership.settle(self._records.agreed, at=at)
        cases.report(self._findings, at=at)

    def imagine(self) -> tuple[Sequence[Produced], Sequence[Finding], Sequence[Verdict]]:
        """
        What it would book, and what would be in trouble, without writing any of it. Only for a
        transaction that is rolled back (``whatif.py``); such a story is not told afterwards.
        """
        self._understand(alone=False)
        return self._produced, self._findings, self.verdicts

    def effects_of(self, inbound_id: int) -> frozenset[Effect]:
        """What an event did to records, once it was understood."""
        return frozenset(
            change.effect for key, (_, change, *_) in self._effects.items() if key[0] == inbound_id
        )

    def _understand(self, *, alone: bool = True) -> datetime:
        """Reads the events and decides on each; ``alone`` keeps others off their objects."""
        moment = sql.one("SELECT now() AS now")
        assert moment is not None
        at: datetime = moment.now
        understood: list[Understood] = []
        zone = ""
        for event in self._claimed:
            item = normalize(self._source, event, zone_of=self._entities.zone_of, likely=zone)
            understood.append(item)
            zone = item.zone or zone
        events = [meaning.data for item in understood for meaning in item.meanings]
        if events:
            if alone:
                sql.lock_objects(key for data in events for key in Batch.keys(data))
            self._records.load(events)
            own = {entity_id: one.functional_currency for entity_id, one in self._books.items()}
            self._known = Knowledge.of(self._source.slug, self._records, events, own)
        for item in sorted(understood, key=order):
            self._one(item)
        return at

    def _one(self, item: Understood) -> None:
        event = item.inbound
        if item.problem:
            self._findings.append(problems.schema(self._source, item))
            self._conclude(event, InboxState.QUARANTINED, item.problem)
            return
        if not item.meanings and not item.fetches:
            self._conclude(event, InboxState.IGNORED, item.ignored)
            return
        if item.fetches and self._source.manifest.can(Capability.FETCH):
            if event.deadline_at is not None and event.was_parked:
                self._findings.append(fetch.overdue(self._source, event, item.object_label))
            self._ask(event, item.fetches)
            return
        if item.fetches:
            fetch.ask_soon(self._source)
            self._conclude(event, InboxState.IGNORED, f"{self._source.label} is asked at once.")
            return
        if any(meaning.data.contract not in APPLY for meaning in item.meanings):
            self._conclude(event, InboxState.IGNORED, "It changes no record of ours.")
            return
        waits = self._waits(item)
        if waits is not None:
            self._park(item, waits)
            return
        trouble: Finding | None = None
        story = ""
        for meaning in item.meanings:
            if self._unmet(meaning.data):
                continue  # the event itself tells of what is missing, and that is in trouble
            story = story or self._story_of(meaning)
            trouble = self._meaning(meaning, story) or trouble
        if trouble is not None:
            self._findings.append(trouble)
            self._conclude(
                event, InboxState.QUARANTINED, trouble.what_happened, story, trouble.identity
            )
            return
        if event.id in self._tied and self._source.manifest.can(Capability.FETCH):
            self._ask(event, self._tied[event.id], story)
        else:
            self._conclude(event, InboxState.PROCESSED, "", story)
        if event.fence > 1:
            self.mended.extend(problems.identity(self._source, m) for m in item.meanings)

    def _meaning(self, meaning: Meaning, story: str) -> Finding | None:
        data = meaning.data
        entity_id = self._entity_of(data)
        if entity_id is None and (data.subject in BOOKED or self._entities.named(data)):
            return problems.no_entity(self._source, meaning)
        telling = Telling(
            meaning.version, entity_id, story, meaning.occurred_at, meaning.inbound.id,
            meaning.position, corrects=meaning.inbound.type == CORRECTED_TYPE,
        )  # fmt: skip
        change = self._records.apply(data, telling)
        if change.record_id:
            self._links.append(("event", meaning.inbound.id, change.kind, change.record_id))
        if change.tie:
            self._tied[meaning.inbound.id] = meaning.source_object
        if entity_id is None:
            self._told.append((meaning, story, "", change.note))
            self._affected(meaning, change, None, story, change.note)
            return None
        books = self._books[entity_id]
        if change.effect is Effect.CONFLICT:
            return problems.conflict(self._source, meaning, change, entity_id)
        late = change.effect is Effect.STALE and data.contract in LATE
        if change.effect in (Effect.STALE, Effect.FOREIGN) and not late:
            self._told.append((meaning, story, books.legal_entity, change.note))
            self._affected(meaning, change, entity_id, story, change.note)
            return None
        facts = Facts(self._source.slug, self._records, books, self._known, story)
        try:
            found = placed(journalize(data, facts), books)
            for draft in found.drafts:
                _, period = books.period_of(draft.accounting_date)
                # What is in the books already was booked while its period was open.
                if not period.open and not _booked(entity_id, draft):
                    return problems.period_closed(
                        self._source, meaning, entity_id, period.code, draft
                    )
        except CannotJournalize as error:
            return problems.unjournalized(
                self._source, meaning, entity_id, books, error, accounting_date(data)
            )
        self._told.append((meaning, story, books.legal_entity, found.note))
        self._affected(meaning, change, entity_id, story, found.note)
        if found.then is not None:
            found.then()
        if found.drafts:
            self._known.fold(entity_id, found.drafts)
            for back in found.given_back:
                self._known.give_back(back.invoice_key, back.line_id, back.tax_code, back.amount)
            key = (meaning.inbound.id, meaning.position)
            self._produced.append(Produced(key, found, change, entity_id, story))
        if isinstance(data, PayoutSettled):
            items = [item.source_id for item in data.items if item.source_id]
            self._paid_out.append((change.record_id, items))
        return None

    def _write(self, at: datetime) -> None:
        """Business events, entries with lines and schedules, links, and the commands they cause."""
        event_ids = self._write_meanings(at)
        written = record(self._produced, self._known, self._books, event_ids)
        self._entries += written.entries
        self._links += written.links
        for payout_id, items in self._paid_out:
            sql.run(_PAID_OUT, (payout_id, at, self._source.id, items))
        LINKS.insert([(*link, at) for link in dict.fromkeys(self._links)], "ON CONFLICT DO NOTHING")
        orders = dispatch.orders(self._entries, self._books)
        delivery.enqueue(orders)
        self.targets = {order.connection_id for order in orders}
        posting = {order.subject_id for order in orders}
        self._follow(
            event_ids,
            {entry.business_event_id for entry in self._entries if entry.id in posting},
            at,
        )

    def _affected(
        self, meaning: Meaning, change: Change, entity_id: int | None, story: str, note: str
    ) -> None:
        key = (meaning.inbound.id, meaning.position)
        self._effects[key] = (meaning, change, entity_id, story, note)

    def _follow(
        self, event_ids: dict[tuple[int, int], int], posting: set[int | None], at: datetime
    ) -> None:
        """Others are told of what changed, in the order of each event's flow."""
        told = [
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
        joined = [account_of(party_id) for party_id in sorted(self._records.joined)]
        self.targets |= begin(told, self._books, at=at, came=[*self.known, *joined])

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

    def _waits(self, item: Understood) -> tuple[str, str] | None:
        """What the event needs first and does not tell of itself."""
        told: set[tuple[str, str]] = set()
        for meaning in item.meanings:
            unmet = self._unmet(meaning.data)
            if unmet and (unmet not in told or meaning.data.contract in UNDOING):
                return unmet
            told.add((meaning.data.subject, meaning.data.subject_id))
        return None

    def _unmet(self, data: EventData) -> tuple[str, str] | None:
        """What the event needs first: also entries that it undoes, when this batch makes them."""
        if not self._records.owns(data, self._entity_of(data)):
            return None  # it will not land, so it waits for nothing
        if data.contract in UNDOING:
            table = self._records.tables.of(data.subject)
            row = table.get(data.subject_id)
            if row is not None and table.is_new(row):
                return data.subject, data.subject_id
        return self._records.unmet(data)

    def _park(self, item: Understood, waits: tuple[str, str]) -> None:
        event = item.inbound
        kind, source_id = waits
        if event.deadline_at is not None and event.was_parked:
            self._findings.append(problems.overdue(self._source, item, kind, source_id))
        reason = f"Waits for {kind} {source_id}."
        self.verdicts.append(
            Verdict(
                event.id,
                event.fence,
                InboxState.PARKED,
                reason,
                waits_for=f"{self._source.id}:{kind}:{source_id}",
            )
        )

    def _conclude(
        self, event: Claimed, state: InboxState, reason: str, story: str = "", shares: str = ""
    ) -> None:
        self.verdicts.append(
            Verdict(event.id, event.fence, state, reason, waits_for=shares, correlation_id=story)
        )

    def _ask(self, event: Claimed, what: tuple[str, str], story: str = "") -> None:
        """The event waits until the object has been fetched (fetch.py)."""
        kind, object_id = what
        self.verdicts.append(
            Verdict(
                event.id,
                event.fence,
                InboxState.PARKED,
                f"Waits until {kind} {object_id} has been fetched from {self._source.label}.",
                waits_for=fetch.fetch_name(self._source.id, kind, object_id),
                correlation_id=story,
            )
        )

    def _entity_of(self, data: EventData) -> int | None:
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

    def _story_of(self, meaning: Meaning) -> str:
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


_PAID_OUT = """
INSERT INTO lineage_link (from_kind, from_id, to_kind, to_id, created_at)
SELECT 'payment', id, 'payout', %s, %s FROM canonical_payment
WHERE connection_id = %s AND source_id = ANY(%s) ON CONFLICT DO NOTHING
"""
_TOLD = "SELECT id, inbound_id, position FROM events_businessevent WHERE inbound_id = ANY(%s)"


def _booked(entity_id: int, draft: JournalDraft) -> bool:
    identity = ledger.identity_of(entity_id, draft)
    return identity in ledger.existing([identity])

"""What a batch of events does, from meaning to stored command. Lives in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.manifest import Capability
from exceptions import operations as cases
from exceptions.findings import Finding
from revops.canonical.operations import Batch, Effect, Telling
from revops.canonical.operations.apply import APPLY
from revops.contracts.payments import PayoutSettled
from revops.events.models import InboxState
from revops.events.operations import Claimed, Verdict
from revops.ledger import operations as ledger
from revops.ledger.books import EntityBooks, all_books
from revops.ledger.chains import Held
from revops.ledger.drafts import CannotJournalize, JournalDraft
from revops.pipeline import fetch, ownership, problems
from revops.pipeline.belonging import Belonging
from revops.pipeline.entities import Entities
from revops.pipeline.journalize import LATE, Facts, Knowledge, accounting_date, journalize
from revops.pipeline.journalize.late import Agreed, agreed_days, placed
from revops.pipeline.journalize.record import Produced
from revops.pipeline.normalize import CORRECTED_TYPE, Meaning, Understood, normalize
from revops.pipeline.order import BOOKED, order
from revops.pipeline.sources import Source
from revops.pipeline.transform.base import account_of
from revops.pipeline.verdicts import Verdicts
from revops.pipeline.writing import Writing
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
        self.known: list[str] = []
        self.mended: list[str] = []
        self.targets: set[int] = set()
        self._source = source
        self._claimed = batch
        self._books = all_books() if books is None else books
        self._entities = Entities(source.id, self._books)
        self._records = Batch(source.id)
        self._findings: list[Finding] = []
        self._known = Knowledge()
        self._belonging = Belonging(self._records, self._entities)
        self._verdicts = Verdicts(source, self._findings)
        self._writing = Writing(source, batch)
        self._tied: dict[int, tuple[str, str]] = {}
        self._agreed: dict[int, Agreed] = {}

    @property
    def verdicts(self) -> list[Verdict]:
        return self._verdicts.every

    def tell(self) -> None:
        """Everything but the verdicts, which the caller writes last."""
        at = self._understand()
        created = self._records.flush(at)
        self.known = [f"{self._source.id}:{name}" for name in created]
        self._findings.extend(ownership.drifted(self._records.drifted))
        joined = [account_of(party_id) for party_id in sorted(self._records.joined)]
        came = [*self.known, *joined]
        self.targets = self._writing.write(self._known, self._books, came=came, at=at)
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
        return self._writing.produced, self._findings, self.verdicts

    def chains(self) -> Mapping[str, Sequence[Held]]:
        """The chains of schedules that its events concern, as these leave them."""
        return self._known.chains

    def effects_of(self, inbound_id: int) -> frozenset[Effect]:
        """What an event did to records, once it was understood."""
        return self._writing.effects_of(inbound_id)

    def _understand(self, *, alone: bool = True) -> datetime:
        """Reads the events and decides on each; ``alone`` keeps others off their objects."""
        moment = sql.one("SELECT now() AS now")
        assert moment is not None
        at: datetime = moment.now
        again = [event.id for event in self._claimed if event.fence > 1 or not alone]
        self._agreed = agreed_days(again)
        understood: list[Understood] = []
        zone = ""
        for event in self._claimed:
            item = normalize(self._source, event, zone_of=self._entities.zone_of, likely=zone)
            understood.append(item)
            for meaning in item.meanings:
                self._entities.learn(meaning.data)
            zone = item.zone or zone
        events = [meaning.data for item in understood for meaning in item.meanings]
        if events:
            if alone:
                sql.lock_objects(key for data in events for key in Batch.keys(data))
            self._records.load(events)
            if self._read_again(understood):
                events = [meaning.data for item in understood for meaning in item.meanings]
            own = {entity_id: one.functional_currency for entity_id, one in self._books.items()}
            self._known = Knowledge.of(self._source.slug, self._records, events, own)
        for item in sorted(understood, key=order):
            self._one(item)
        return at

    def _read_again(self, understood: list[Understood]) -> bool:
        """
        Read them once more when a record that some of them hang on came to be known since: told
        later in this batch, or by another worker whose transaction ended meanwhile. Whether it was.
        """
        for kind, source_id in self._entities.missed:
            parent = self._records.tables.of(kind).get(source_id)
            if parent is not None:
                self._entities.hold(kind, source_id, parent.legal_entity_id)
        if not self._entities.found_since():
            return False
        zone_of = self._entities.zone_of
        understood[:] = [normalize(self._source, it.inbound, zone_of=zone_of) for it in understood]
        return True

    def _one(self, item: Understood) -> None:
        event = item.inbound
        if item.problem:
            self._findings.append(problems.schema(self._source, item))
            self._verdicts.conclude(event, InboxState.QUARANTINED, item.problem)
            return
        if not item.meanings and not item.fetches:
            self._verdicts.conclude(event, InboxState.IGNORED, item.ignored)
            return
        if item.fetches and self._source.manifest.can(Capability.FETCH):
            if event.deadline_at is not None and event.was_parked:
                self._findings.append(fetch.overdue(self._source, event, item.object_label))
            self._verdicts.ask(event, item.fetches)
            return
        if item.fetches:
            fetch.ask_soon(self._source)
            self._verdicts.conclude(
                event, InboxState.IGNORED, f"{self._source.label} is asked at once."
            )
            return
        if any(meaning.data.contract not in APPLY for meaning in item.meanings):
            self._verdicts.conclude(event, InboxState.IGNORED, "It changes no record of ours.")
            return
        waits = self._belonging.waits(item)
        if waits is not None:
            self._verdicts.park(item, waits)
            return
        trouble: Finding | None = None
        story = ""
        for meaning in item.meanings:
            if self._belonging.unmet(meaning.data):
                continue  # the event itself tells of what is missing, and that is in trouble
            story = story or self._belonging.story_of(meaning)
            trouble = self._meaning(meaning, story) or trouble
        if trouble is not None:
            self._findings.append(trouble)
            self._verdicts.conclude(
                event, InboxState.QUARANTINED, trouble.what_happened, story, trouble.identity
            )
            return
        if event.id in self._tied and self._source.manifest.can(Capability.FETCH):
            self._verdicts.ask(event, self._tied[event.id], story)
        else:
            self._verdicts.conclude(event, InboxState.PROCESSED, "", story)
        if event.fence > 1:
            self.mended.extend(problems.identity(self._source, m) for m in item.meanings)

    def _meaning(self, meaning: Meaning, story: str) -> Finding | None:
        data = meaning.data
        entity_id = self._belonging.entity_of(data)
        if entity_id is None and (data.subject in BOOKED or self._entities.named(data)):
            return problems.no_entity(self._source, meaning)
        telling = Telling(
            meaning.version, entity_id, story, meaning.occurred_at, meaning.inbound.id,
            meaning.position, corrects=meaning.inbound.type == CORRECTED_TYPE,
        )  # fmt: skip
        change = self._records.apply(data, telling)
        if change.record_id:
            self._writing.links.append(("event", meaning.inbound.id, change.kind, change.record_id))
        if change.tie:
            self._tied[meaning.inbound.id] = meaning.source_object
        if entity_id is None:
            self._writing.tell(meaning, change, None, story, change.note)
            return None
        books = self._books[entity_id]
        if change.effect is Effect.CONFLICT:
            return problems.conflict(self._source, meaning, change, entity_id)
        late = change.effect is Effect.STALE and data.contract in LATE
        if change.effect in (Effect.STALE, Effect.FOREIGN) and not late:
            self._writing.tell(meaning, change, books, story, change.note)
            return None
        facts = Facts(self._source.slug, self._records, books, self._known, story)
        try:
            found = placed(
                journalize(data, facts), books, agreed=self._agreed.get(meaning.inbound.id)
            )
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
        self._writing.tell(meaning, change, books, story, found.note)
        if found.then is not None:
            found.then()
        if found.drafts:
            self._known.fold(entity_id, found.drafts)
            for back in found.given_back:
                self._known.give_back(back.invoice_key, back.line_id, back.tax_code, back.amount)
            key = (meaning.inbound.id, meaning.position)
            self._writing.produced.append(Produced(key, found, change, entity_id, story))
        if isinstance(data, PayoutSettled):
            items = [item.source_id for item in data.items if item.source_id]
            self._writing.paid_out.append((change.record_id, items))
        return None


def _booked(entity_id: int, draft: JournalDraft) -> bool:
    identity = ledger.identity_of(entity_id, draft)
    return identity in ledger.existing([identity])

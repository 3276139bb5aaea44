"""
What would happen if: stored events through understanding and posting rules, with something changed,
and nothing written.

The change (new rows of a map, say) is made in a savepoint that is always rolled back; books are
read inside it, past what the process keeps in memory, so that no other thread books by it. Nothing
is asked of another system, nothing is claimed, no number is used up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from django.db import transaction

from connectors.models import Connection
from revops.canonical.operations.change import Effect
from revops.events.models import InboxState
from revops.events.operations import Claimed
from revops.ledger import operations as ledger
from revops.ledger.books import EntityBooks, read_books
from revops.ledger.drafts import JournalDraft
from revops.ledger.schedules import PeriodMissing
from revops.pipeline import sources
from revops.pipeline.story import Story
from revops.store import rows, sql

log = structlog.get_logger(__name__)

# As many as one page waits for; a preview of more says how many it looked at.
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Leg:
    """What an event would book on an account, in minor units of ``currency``, debit positive."""

    entity: str
    period: str
    account: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What one event would come to. ``kind`` is the case kind that it would be in next, with
    ``sentence`` and ``cause`` in words; all empty when it clears. ``legs`` are new entries only:
    what is in the books already is not booked again. ``targets`` are the ids of the connections
    that would be asked to post, one for each posting. ``effects`` are those on records.
    """

    inbound_id: int
    legs: tuple[Leg, ...] = ()
    targets: tuple[int, ...] = ()
    kind: str = ""
    cause: str = ""
    sentence: str = ""
    effects: frozenset[Effect] = frozenset()

    @property
    def clears(self) -> bool:
        return not self.kind


@dataclass(frozen=True, slots=True)
class Imagined:
    """``answers`` by event; ``left_out`` counts what was more than one look takes."""

    answers: tuple[Answer, ...]
    left_out: int = 0

    @property
    def clears(self) -> int:
        return sum(one.clears for one in self.answers)

    @property
    def fails(self) -> dict[tuple[str, str], int]:
        """(kind, cause in words) → how many would be in it next, most first."""
        found: dict[tuple[str, str], int] = defaultdict(int)
        for one in self.answers:
            if not one.clears:
                found[one.kind, one.cause] += 1
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def calls(self) -> dict[int, int]:
        """Connection id → how many postings it would get."""
        found: dict[int, int] = defaultdict(int)
        for one in self.answers:
            for target in one.targets:
                found[target] += 1
        return dict(found)

    @property
    def journals(self) -> list[tuple[Leg, int]]:
        """
        Debits, and credits, of an account in a period as one leg each, with the number of lines;
        by entity, period, currency, debits first, largest first.
        """
        sums: dict[tuple[str, str, str, str, bool], list[int]] = defaultdict(lambda: [0, 0])
        for one in self.answers:
            for leg in one.legs:
                held = sums[leg.entity, leg.period, leg.currency, leg.account, leg.amount > 0]
                held[0] += leg.amount
                held[1] += 1
        found = [
            (Leg(entity, period, account, currency, amount), lines)
            for (entity, period, currency, account, _), (amount, lines) in sums.items()
        ]
        return sorted(
            found,
            key=lambda pair: (
                pair[0].entity, pair[0].period, pair[0].currency, pair[0].amount < 0,
                -abs(pair[0].amount), pair[0].account,
            ),
        )  # fmt: skip


def imagine(
    inbound_ids: Iterable[int], *, change: Callable[[], None] | None = None, most: int = MOST
) -> Imagined:
    """
    What these stored events would come to if they went through the line now, after ``change``.
    Events of one connection are seen together, in the order in which they came.

    ``change`` writes to the database as it likes, and raises what it likes.
    """
    wanted = sorted(set(inbound_ids))
    chosen, left_out = wanted[:most], max(0, len(wanted) - most)
    if not chosen:
        return Imagined((), left_out)
    with rows.within(None), transaction.atomic():
        if change is not None:
            change()
        books = read_books()
        answers: list[Answer] = []
        for connection_id, events in stored(chosen).items():
            answers += _of_connection(connection_id, events, books)
        transaction.set_rollback(True)
    return Imagined(tuple(sorted(answers, key=lambda one: one.inbound_id)), left_out)


def _of_connection(
    connection_id: int, events: Sequence[Claimed], books: dict[int, EntityBooks]
) -> list[Answer]:
    try:
        source = sources.by_id(connection_id)
        with transaction.atomic():
            story = Story(source, events, books=books)
            produced, findings, verdicts = story.imagine()
    except Connection.DoesNotExist:
        return [_unknown(event) for event in events]
    except Exception:
        # One event that cannot be imagined must not hide the others.
        if len(events) == 1:
            log.exception("whatif.failed", business_event=events[0].id)
            return [_unknown(events[0])]
        return [one for event in events for one in _of_connection(connection_id, [event], books)]
    trouble = {one.inbound_id: one for one in findings if one.inbound_id is not None}
    legs: dict[int, list[Leg]] = defaultdict(list)
    targets: dict[int, list[int]] = defaultdict(list)
    held = ledger.existing(
        ledger.identity_of(one.entity_id, draft) for one in produced for draft in one.booked.drafts
    )
    for one in produced:
        for draft in one.booked.drafts:
            if ledger.identity_of(one.entity_id, draft) not in held:
                own = books[one.entity_id]
                legs[one.event[0]] += _legs(draft, own)
                targets[one.event[0]] += [to for _, to in own.routes_on(draft.accounting_date)]
    answers = []
    for verdict in verdicts:
        found = trouble.get(verdict.id)
        if verdict.state in (InboxState.PROCESSED, InboxState.IGNORED):
            answers.append(Answer(verdict.id, tuple(legs[verdict.id]), tuple(targets[verdict.id])))
        elif found is not None:
            answers.append(Answer(verdict.id, (), (), found.kind, found.cause, found.what_happened))
        else:
            reason = verdict.reason or "It waits."
            answers.append(
                Answer(verdict.id, (), (), "dependency_overdue", reason.rstrip("."), reason)
            )
    return [replace(one, effects=story.effects_of(one.inbound_id)) for one in answers]


def _legs(draft: JournalDraft, books: EntityBooks) -> list[Leg]:
    try:
        period = books.period_of(draft.accounting_date)[1].code
    except PeriodMissing:
        period = ""
    return [
        Leg(draft.legal_entity, period, line.account, draft.functional_currency, line.functional)
        for line in draft.lines
        if line.functional
    ]


def _unknown(event: Claimed) -> Answer:
    words = "The console cannot tell what would become of it"
    return Answer(event.id, (), (), "poison", words, f"{words}.")


_EVENTS: Final = """
SELECT connection_id, id, fence, channel, type, body, correlation_id, 0 AS crash_count,
    false AS was_parked, '' AS waits_for, NULL::timestamptz AS deadline_at, received_at
FROM events_inboundevent WHERE id = ANY(%s) ORDER BY connection_id, id
"""


def stored(ids: Sequence[int]) -> dict[int, list[Claimed]]:
    """These events as they came, by connection; nobody claims them."""
    found: dict[int, list[Claimed]] = defaultdict(list)
    for row in sql.rows(_EVENTS, (list(ids),)):
        connection_id, *rest = row
        found[connection_id].append(Claimed(*rest))
    return found

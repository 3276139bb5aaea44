"""
Accruing what a late document earns in its own period, while nothing is locked there.

The period keeps taking no document. It gets one entry with what the document would have earned in
it, which is taken back on the first day of the next open period, where the document itself is
booked: each period's income is what it would have been in time, and nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from django.db import transaction

from connectors.models import Connection
from exceptions.models import Case
from revops.canonical.operations.change import Effect
from revops.ledger import operations as ledger
from revops.ledger.books import EntityBooks, all_books
from revops.ledger.chain_rows import load_chains
from revops.ledger.chains import Held
from revops.ledger.drafts import CannotJournalize, JournalDraft
from revops.ledger.rules import late
from revops.lineage.operations import LINKS
from revops.pipeline import sources, wake, whatif
from revops.pipeline.closed.earning import earned_by
from revops.pipeline.journalize.late import next_open
from revops.pipeline.journalize.record import Produced
from revops.pipeline.period_end.plan import Closing, Planned, post
from revops.pipeline.story import Story
from revops.store import rows, sql

NOTHING_EARNED: Final = "It earns nothing in its own period: date it later, or let it in."


@dataclass(frozen=True, slots=True)
class Share:
    """
    What would be accrued for the event of a case: the entries, each in the period's last day.
    ``record`` is what the document is about, with its ``story``.
    """

    case: Case
    closing: Closing
    drafts: Sequence[JournalDraft]
    record: tuple[str, int] | None
    story: str


class _Refused(ValueError):
    """It cannot be accrued; the message says why."""


def shares(cases: Sequence[Case]) -> tuple[list[Share], dict[int, str]]:
    """
    What each of these cases would have accrued in its own period, and why others would not, by
    case. Each event is looked at by itself: one that builds on another late one is refused.
    Reads, and imagines; it writes nothing.
    """
    found: list[Share] = []
    refused: dict[int, str] = {}
    if not cases:
        return found, refused
    with rows.widened(), transaction.atomic():
        books = _as_if_open(cases)
        accrued = _accrued_already(cases)
        for case in cases:
            try:
                if case.inbound_id in accrued:
                    raise _Refused("It is accrued already: choose the next open period.")
                found.append(_share(case, books))
            except (_Refused, CannotJournalize) as refusal:
                refused[case.pk] = str(refusal)
        transaction.set_rollback(True)
    return found, refused


def kept_open(found: Sequence[Share]) -> dict[int, str]:
    """
    Keep the periods of these from being locked until the transaction ends. By case: what is locked
    already.
    """
    refused: dict[int, str] = {}
    states: dict[int, str] = {}
    for one in found:
        period_id = one.closing.period_id
        if period_id not in states:
            row = sql.one(_STATE, (period_id,))
            states[period_id] = "" if row is None else row.state
        if states[period_id] not in ("open", "soft_closed"):
            refused[one.case.pk] = f"{one.closing.period.code} is locked by now."
    return refused


def post_shares(found: Sequence[Share]) -> None:
    """
    Book what is accrued and what takes it back; in the caller's transaction, after ``kept_open``.
    What is in the books already stays as it is.
    """
    targets: set[int] = set()
    held = ledger.existing(
        ledger.identity_of(one.closing.books.id, draft) for one in found for draft in one.drafts
    )
    for one in found:
        planned = [
            Planned(draft, reversing=True, record=one.record, story=one.story)
            for draft in one.drafts
            if ledger.identity_of(one.closing.books.id, draft) not in held
        ]
        targets |= post(one.closing, planned, story=one.story)[1]
        _link(one)
    for connection_id in targets:
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)


# Locked, so that it cannot be closed for good while something is posted into it.
_STATE: Final = "SELECT state FROM mappings_accountingperiod WHERE id = %s FOR SHARE"
_MADE: Final = """
SELECT id, now() AS at FROM ledger_journalentry
WHERE document_type = 'late_accrual' AND legal_entity_id = %s AND business_key = ANY(%s)
"""
_SOFT: Final = """
SELECT legal_entity_id, code FROM mappings_accountingperiod WHERE state = 'soft_closed'
"""
_ACCRUED: Final = """
SELECT inbound_id FROM pipeline_lateposting WHERE accrued AND inbound_id = ANY(%s)
"""


def _as_if_open(cases: Sequence[Case]) -> dict[int, EntityBooks]:
    """All books, with the periods of these cases open where they are only closed softly."""
    asked = {(one.legal_entity_id, one.period_code) for one in cases}
    soft = {(row.legal_entity_id, row.code) for row in sql.rows(_SOFT)} & asked
    return {
        id: _with_open(own, {code for entity_id, code in soft if entity_id == id})
        for id, own in all_books().items()
    }


def _with_open(own: EntityBooks, codes: Collection[str]) -> EntityBooks:
    calendar = [
        (id, replace(period, open=True) if period.code in codes else period)
        for id, period in own.calendar
    ]
    return replace(own, calendar=calendar, periods=[period for _, period in calendar])


def _accrued_already(cases: Sequence[Case]) -> set[int]:
    ids = [case.inbound_id for case in cases if case.inbound_id is not None]
    return {row.inbound_id for row in sql.rows(_ACCRUED, (ids,))}


def _share(case: Case, books: Mapping[int, EntityBooks]) -> Share:
    own = books.get(case.legal_entity_id or 0)
    place = (
        next((one for one in own.calendar if one[1].code == case.period_code), None)
        if own
        else None
    )
    if own is None or place is None or case.inbound_id is None:
        raise _Refused("There is no document that could be accrued.")
    period_id, period = place
    if not period.open:
        raise _Refused(f"{period.code} is locked: it takes no accrual.")
    if next_open(own, period.span.end) is None:
        raise _Refused("No later period is open, in which it could be taken back.")
    made, chains = _imagined(case, books)
    before = load_chains(chains, ())
    drafts = [draft for one in made for draft in one.booked.drafts]
    earned = earned_by(drafts, chains, before, own, period)
    about = _records(made)
    story = made[0].story if made else case.correlation_id
    dated = all_books()[own.id]
    found = []
    for currency, accounts in sorted(earned.items()):
        first = next((draft for draft in drafts if draft.currency == currency), drafts[0])
        entry = late.accrued(
            _late(first, currency),
            [late.Earned(account, *sums) for account, sums in sorted(accounts.items())],
            own.on(period.span.end), on=period.span.end,
        )  # fmt: skip
        if entry is not None:
            found.append(entry)
    if not found:
        raise _Refused(NOTHING_EARNED)
    return Share(case, Closing(dated, period, period_id), found, about, story)


def _imagined(
    case: Case, books: Mapping[int, EntityBooks]
) -> tuple[Sequence[Produced], Mapping[str, Sequence[Held]]]:
    """What its event would book if its period were open. Raises _Refused with what stops it."""
    ((connection_id, events),) = whatif.stored([case.inbound_id or 0]).items()
    try:
        source = sources.by_id(connection_id)
    except Connection.DoesNotExist as gone:
        raise _Refused("Its connection is gone.") from gone
    story = Story(source, events, books=books)
    made, findings, verdicts = story.imagine()
    for finding in findings:
        raise _Refused(finding.what_happened)
    if not made:
        raise _Refused(next((one.reason for one in verdicts if one.reason), NOTHING_EARNED))
    return made, story.chains()


def _late(draft: JournalDraft, currency: str) -> late.Late:
    line = next((line for line in draft.lines if line.customer_id), draft.lines[0])
    return late.Late(
        draft.business_key, draft.accounting_date, currency, draft.description, line.customer_id,
        line.customer_name,
    )  # fmt: skip


def _records(made: Sequence[Produced]) -> tuple[str, int] | None:
    """What it is about, where that is known to more than the event."""
    for one in made:
        if one.change.record_id and one.change.effect is not Effect.CREATED:
            return one.change.kind, one.change.record_id
    return None


def _link(one: Share) -> None:
    """Event → what was accrued for it; the event leads to the document as well."""
    keys = [draft.business_key for draft in one.drafts]
    made = sql.rows(_MADE, (one.closing.books.id, keys))
    assert one.case.inbound_id is not None
    LINKS.insert(
        [("event", one.case.inbound_id, "journal", row.id, row.at) for row in made],
        "ON CONFLICT DO NOTHING",
    )

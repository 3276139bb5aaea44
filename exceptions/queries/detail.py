"""One case with everything its page shows, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from exceptions import kinds
from exceptions.kinds import Kind
from exceptions.models import Case, CaseEntry, CaseState, Correction
from exceptions.queries.cases import amount_of, endangered, status_of
from exceptions.queries.closes import Endangers
from exceptions.queries.totals import Sum
from revops.delivery.models import Attempt, OutboundCommand
from revops.events.models import InboundEvent
from revops.kernel.money import Money
from revops.ledger.models import JournalEntry
from revops.lineage.queries.entries import Line
from revops.lineage.queries.entries import lines as lines_of
from revops.mappings.models import AccountingPeriod
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Place:
    """Where the case stands among the unresolved ones of its cause, oldest first."""

    number: int
    of: int
    previous: int | None
    next: int | None
    sum: Sum


@dataclass(frozen=True, slots=True)
class Detail:
    case: Case
    kind: Kind
    at: datetime
    endangers: Endangers | None
    place: Place | None
    story: Sequence[CaseEntry]
    comments: Sequence[CaseEntry]
    command: OutboundCommand | None
    attempts: Sequence[Attempt]
    entry: JournalEntry | None
    lines: Sequence[Line]
    corrections: Sequence[Correction] = ()

    @property
    def amount(self) -> Money | None:
        return amount_of(self.case)

    @property
    def total(self) -> Money | None:
        """What each side of the journal adds up to."""
        return Money(self.entry.amount, self.entry.currency) if self.entry else None

    @property
    def status(self) -> str:
        return status_of(self.case, self.at)

    @property
    def target(self) -> str:
        """Who the command is for, by its label; “the books” when nothing was to be sent yet."""
        return self.command.connection.label if self.command else "the books"

    @property
    def title(self) -> str:
        """The case in one line: what it is about, and where that is not."""
        subject = self.case.subject_label or self.case.cause
        if self.case.state == CaseState.RESOLVED or not (self.command or self.case.inbound_id):
            return subject
        if self.case.state == CaseState.IN_DOUBT:
            return f"{subject} may or may not be in {self.target}"
        return f"{subject} is not in {self.target}"

    @property
    def sends(self) -> int:
        return sum(1 for attempt in self.attempts if attempt.kind == "send")

    @property
    def asks(self) -> int:
        return len(self.attempts) - self.sends


def detail(case_id: int, *, at: datetime) -> Detail:
    """At most eight queries. Raises Case.DoesNotExist."""
    case = (
        Case.objects.select_related(
            "legal_entity", "command__connection", "inbound__connection", "assignee"
        )
        .defer("inbound__body")
        .get(pk=case_id)
    )
    entries = list(case.story.select_related("by").order_by("-at", "-pk"))
    attempts = (
        list(Attempt.objects.filter(command=case.command_id).order_by("-number"))
        if case.command_id
        else []
    )
    entry, lines = _journal(case)
    return Detail(
        case=case,
        kind=kinds.described(case.kind),
        at=at,
        endangers=_endangers(case, entry, at),
        place=None if case.state == CaseState.RESOLVED else _place(case),
        story=[item for item in entries if not item.comment],
        comments=[item for item in reversed(entries) if item.comment],
        command=case.command,
        attempts=attempts,
        entry=entry,
        lines=lines,
        corrections=list(case.corrections.select_related("by").order_by("-pk"))
        if case.inbound_id
        else [],
    )


def body_of(inbound_id: int) -> str:
    """What a system sent, as text; it may be anything. One query."""
    found = InboundEvent.objects.filter(pk=inbound_id).values_list("body", flat=True)
    text = b"".join(bytes(body) for body in found).decode("utf-8", "replace")
    return text or "What was sent is not kept any longer."


def open_cases_of(
    *,
    command_ids: Sequence[int] = (),
    inbound_ids: Sequence[int] = (),
    journal_ids: Sequence[int] = (),
) -> list[Case]:
    """Unresolved cases of these commands, events and journals, for the pages that show those."""
    chosen = Q(command__in=command_ids) | Q(inbound__in=inbound_ids)
    if journal_ids:
        chosen |= Q(record_kind="journal", record_id__in=journal_ids)
    return list(
        Case.objects.filter(chosen)
        .exclude(state=CaseState.RESOLVED)
        .select_related("legal_entity")
        .order_by("opened_at")
    )


def _journal(case: Case) -> tuple[JournalEntry | None, list[Line]]:
    if case.record_kind != "journal" or case.record_id is None:
        return None, []
    entry = JournalEntry.objects.select_related("period").filter(pk=case.record_id).first()
    return entry, lines_of(entry) if entry else []


def _endangers(case: Case, entry: JournalEntry | None, at: datetime) -> Endangers | None:
    if not case.period_code or case.legal_entity_id is None:
        return None
    if entry is not None and entry.period.code == case.period_code:
        period: AccountingPeriod | None = entry.period
    else:
        period = AccountingPeriod.objects.filter(
            legal_entity=case.legal_entity_id, code=case.period_code
        ).first()
    if period is None:
        return None
    return endangered(case, {(case.legal_entity_id, case.period_code): period}, at)


_PLACE = """
WITH before AS (
    SELECT id FROM exceptions_case
    WHERE cause_key = %(cause)s AND NOT (state = 'resolved')
        AND (opened_at, id) < (%(opened)s, %(id)s)
    ORDER BY opened_at DESC, id DESC LIMIT 1
), after AS (
    SELECT id FROM exceptions_case
    WHERE cause_key = %(cause)s AND NOT (state = 'resolved')
        AND (opened_at, id) > (%(opened)s, %(id)s)
    ORDER BY opened_at, id LIMIT 1
), position AS (
    SELECT count(*) AS number FROM (
        SELECT 1 FROM exceptions_case
        WHERE cause_key = %(cause)s AND NOT (state = 'resolved')
            AND (opened_at, id) <= (%(opened)s, %(id)s)
        LIMIT 10000
    ) AS earlier
)
SELECT (SELECT id FROM before) AS previous, (SELECT id FROM after) AS next,
    (SELECT number FROM position) AS number, tally.currency,
    sum(tally.cases)::bigint AS cases, sum(tally.at_stake)::bigint AS at_stake
FROM exceptions_tally tally WHERE tally.cause_key = %(cause)s
GROUP BY tally.currency HAVING sum(tally.cases) <> 0
"""


def _place(case: Case) -> Place | None:
    rows = sql.rows(_PLACE, {"cause": case.cause_key, "opened": case.opened_at, "id": case.pk})
    if not rows:
        return None
    total = Sum()
    for row in rows:
        total.add(row.cases, row.currency, row.at_stake)
    first = rows[0]
    return Place(first.number, total.cases, first.previous, first.next, total)

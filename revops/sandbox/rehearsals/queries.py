"""
The report of a rehearsal. The count itself is the systems' (``listing``, ``counting``); beside it
stands what the console's own tables say: how many it booked, where each missing document is, how
the calls of each system went, which cases came and went.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count as Number
from django.db.models import F, Q, Sum

from exceptions.models import Case, CaseState
from revops.delivery.models import Attempt, OutboundCommand
from revops.events.models import LIVE_INBOX, InboundEvent, SourceCursor
from revops.kernel import clock
from revops.kernel.money import Money
from revops.mappings.models import LegalEntity
from revops.sandbox.rehearsals import catalogue, counting, listing, systems
from revops.sandbox.rehearsals.catalogue import BILLING, BOOKS
from revops.sandbox.rehearsals.counting import SORTS, Count, Held, Issued
from revops.sandbox.rehearsals.kinds import DIFFERENCE
from revops.sandbox.rehearsals.models import LIVE, Rehearsal
from revops.sandbox.rehearsals.report import Line, Open, Part, Report, Standing, read
from revops.sandbox.rehearsals.systems import System
from revops.store import sql

# What billing issued so lately may still be on its way to us.
_FRESH: Final = timedelta(seconds=60)
_MOST_SHOWN: Final = 20
# What the console did meanwhile; fields of a report.
_DONE: Final = ("repeats", "found", "turned_away", "unanswered", "refused")
_OVER: Final = ("posted", "exception", "cancelled")
_WENT: Final = ("throttled", "transient", "in_doubt", "refused")

# Invoices by what their customers owe, the others by all of their debits; the last revision counts.
_BOOKED: Final = """
WITH latest AS (
    SELECT DISTINCT ON (document_type, business_key) id, document_type, currency, amount
    FROM ledger_journalentry
    WHERE lane = %(lane)s AND document_type = ANY(%(types)s)
        AND business_key LIKE %(source)s || ':%%' AND reverses_id IS NULL
    ORDER BY document_type, business_key, revision DESC
), owed AS (
    SELECT line.entry_id, sum(line.amount) AS amount
    FROM ledger_journalline line JOIN latest ON latest.id = line.entry_id
    WHERE latest.document_type = 'invoice' AND line.account IN (
        SELECT account.code FROM mappings_accountmap map
        JOIN mappings_ledgeraccount account ON account.id = map.account_id
        WHERE map.role = 'receivable')
    GROUP BY line.entry_id
)
SELECT document_type, currency, count(*) AS number,
    sum(abs(coalesce(owed.amount, latest.amount)))::bigint AS amount
FROM latest LEFT JOIN owed ON owed.entry_id = latest.id
GROUP BY document_type, currency
"""


def live() -> Rehearsal | None:
    """The one that runs."""
    return Rehearsal.objects.filter(state__in=LIVE).first()


def missed() -> dict[str, int]:
    """By connection: how many events polling found so far that no webhook had brought."""
    return dict(SourceCursor.objects.values_list("connection__slug", "missed"))


def count(rehearsal: Rehearsal) -> Report:
    """
    Ask all billing systems and ERPs, and look where the rest is. After the rehearsal's end, cases
    that came later are somebody else's, and what the console did is as it was then. Calls out, so
    it must not run in a transaction. Raises doors.NotPossible.
    """
    everybody = systems.all_of()
    billing = [one for one in everybody if one.party == BILLING]
    documents = listing.issued(billing)
    postings = listing.held([one for one in everybody if one.party == BOOKS])
    entities = list(LegalEntity.objects.values_list("code", flat=True))
    found = counting.compare(documents, postings, entities=entities, meant=_meant(postings))
    report = Report(at=clock.now().isoformat(), documents=len(documents))
    report.lines = _lines(found, billing)
    _ends(report, found, entities)
    _cases(report, rehearsal.started_at, rehearsal.ended_at or clock.now())
    report.parts = _parts(rehearsal, found, everybody)
    before = read(rehearsal.counted) if rehearsal.ended_at else None
    if before is None:
        _done(report, rehearsal.started_at, rehearsal.facts.get("missed", {}))
    else:
        for name in _DONE:
            setattr(report, name, getattr(before, name))
    return report


def _meant(postings: Sequence[Held]) -> dict[str, str]:
    """As which kind of document a posting was sent whose text does not say it, by key."""
    keys = [one.key for one in postings if one.key and not one.kind]
    kinds = {sort.document_type: sort.kind for sort in SORTS}
    rows = OutboundCommand.objects.filter(key__in=keys, document_type__in=list(kinds))
    return {key: kinds[sent] for key, sent in rows.values_list("key", "document_type")}


def _lines(found: Count, billing: Sequence[System]) -> list[Line]:
    types = {sort.document_type: sort.kind for sort in SORTS}
    labels = {one.slug: one.label for one in billing}
    booked = {
        (slug, types[row.document_type], row.currency): (row.number, int(row.amount))
        for slug in labels
        for row in sql.rows(_BOOKED, {"lane": counting.LANE, "types": list(types), "source": slug})
    }
    lines = []
    for line in found.lines:
        by_billing, by_erp = line.sums
        lines.append(
            Line(
                line.label, line.currency, (len(line.issued), by_billing.minor),
                (len(line.held), by_erp.minor),
                booked.get((line.source, line.kind, line.currency), (0, 0)), line.wrong,
                labels.get(line.source, ""),
            )
        )  # fmt: skip
    return lines


def _parts(rehearsal: Rehearsal, found: Count, everybody: Sequence[System]) -> list[Part]:
    """Everybody whom a drill struck, and all ERPs; the books' keepers first."""
    began = rehearsal.drills.exclude(began_at=None).order_by("position")
    struck: dict[str, list[str]] = {}
    for slug in began.values_list("slug", flat=True):
        drill = catalogue.drill(slug)
        for strike in systems.strikes(drill, everybody) if drill is not None else ():
            struck.setdefault(strike.system.slug, []).append(catalogue.title_of(slug))
    ended = rehearsal.ended_at or clock.now()
    answers = {
        (row["connection"], row["outcome"]): row["number"]
        for row in Attempt.objects.filter(intent_at__range=(rehearsal.started_at, ended))
        .values("outcome", connection=F("command__connection_id"))
        .annotate(number=Number("pk"))
    }
    parts = []
    for one in sorted(everybody, key=lambda one: one.party != BOOKS):
        books = (found.kept[one.slug], found.wrong[one.slug]) if one.party == BOOKS else None
        if one.slug not in struck and books is None:
            continue
        went = {outcome: answers.get((one.id, outcome), 0) for outcome in _WENT}
        parts.append(
            Part(
                one.slug, one.label, struck.get(one.slug, []),
                went["throttled"] + went["transient"], went["in_doubt"], went["refused"], books,
            )
        )  # fmt: skip
    return parts


def _ends(report: Report, found: Count, entities: Sequence[str]) -> None:
    held = _whereabouts(found.missing, entities)
    polled = dict(SourceCursor.objects.values_list("connection__slug", "polled_at"))
    fresh = clock.now() - _FRESH
    ends = [
        *(_open("twice", one.number, one.money) for one in found.twice),
        *(_open("other", one.number, one.money) for one, _ in found.other),
        *(_open("unknown", one.number, one.over(one.kind)) for one in found.unknown),
    ]
    report.unexplained = len(ends)
    for document in found.missing:
        end = _open("missing", document.number, document.money)
        end.where, end.case = held.get((document.source, document.id), ("", None))
        if not end.where:
            # The next poll tells of what came into being since the last one.
            asked = polled.get(document.source)
            late = document.at < fresh and (asked is None or document.at < asked)
            end.where = "nowhere" if late else "waiting"
        ends.append(end)
        report.in_cases += end.where == "case"
        report.waiting += end.where == "waiting"
        report.unexplained += end.where == "nowhere"
    order = ("nowhere", "", "case", "waiting")
    ends.sort(key=lambda end: (order.index(end.where), end.number))
    report.ends, report.ends_in_all = ends[:_MOST_SHOWN], len(ends)


def _open(what: str, number: str, money: Money) -> Open:
    return Open(what, number, money.minor, money.currency)


def _whereabouts(
    documents: Sequence[Issued], entities: Sequence[str]
) -> dict[tuple[str, str], tuple[str, int | None]]:
    """
    By billing system and its id: in which case a document is, or that it waits; nothing of the
    others.
    """
    by_key = {
        key: (document.source, document.id)
        for document in documents
        for key in counting.keys_of(document, entities=entities)
    }
    commands = OutboundCommand.objects.filter(key__in=list(by_key)).values_list(
        "pk", "key", "state"
    )
    events = InboundEvent.objects.filter(
        connection__slug__in={one.source for one in documents},
        object_id__in=[one.id for one in documents],
    ).values_list("pk", "connection__slug", "object_id", "state")
    sent, told = list(commands), list(events)
    cases = _cases_of([row[0] for row in sent], [row[0] for row in told])
    found: dict[tuple[str, str], tuple[str, int | None]] = {}
    waits = {state.value for state in LIVE_INBOX}
    for event, source, name, state in told:
        if state in waits:
            found[source, name] = ("waiting", None)
        if ("event", event) in cases:
            found[source, name] = ("case", cases["event", event])
    for command, key, state in sent:
        place = by_key[key]
        if state not in _OVER:
            found[place] = ("waiting", None)
        if ("command", command) in cases:
            found[place] = ("case", cases["command", command])
    return found


def _cases_of(commands: Iterable[int], events: Iterable[int]) -> dict[tuple[str, int], int]:
    wanted = Q(command_id__in=list(commands)) | Q(inbound_id__in=list(events))
    rows = Case.objects.exclude(state=CaseState.RESOLVED).filter(wanted)
    found: dict[tuple[str, int], int] = {}
    for pk, command, event in rows.values_list("pk", "command_id", "inbound_id"):
        if command:
            found["command", command] = pk
        if event:
            found["event", event] = pk
    return found


def _cases(report: Report, since: datetime, until: datetime) -> None:
    """A difference that an earlier count reported is the report itself, and none of its ends."""
    came = Case.objects.filter(opened_at__range=(since, until)).exclude(kind=DIFFERENCE)
    report.opened = came.count()
    report.cleared = came.filter(state=CaseState.RESOLVED).count()
    rows = (
        came.exclude(state=CaseState.RESOLVED)
        .values("cause_key", "kind", "cause")
        .annotate(number=Number("pk"))
        .order_by("-number", "cause_key")
    )
    report.standing = [
        Standing(row["cause_key"], row["kind"], row["cause"], row["number"]) for row in rows
    ]


def _done(report: Report, since: datetime, missed_before: Mapping[str, int]) -> None:
    told = InboundEvent.objects.filter(received_at__gte=since, deliveries__gt=1)
    sums = told.aggregate(events=Number("pk"), deliveries=Sum("deliveries"))
    report.repeats = (sums["deliveries"] or 0) - sums["events"]
    report.found = sum(missed().values()) - sum(missed_before.values())
    answers = dict(
        Attempt.objects.filter(intent_at__gte=since)
        .values_list("outcome")
        .annotate(number=Number("pk"))
    )
    report.turned_away = answers.get("throttled", 0) + answers.get("transient", 0)
    report.unanswered = answers.get("in_doubt", 0)
    report.refused = answers.get("refused", 0)

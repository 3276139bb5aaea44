"""A closed period as something that is mended on its cause's page, for all cases or for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.queries import authorize
from approvals.queries.rules import trial
from approvals.queries.standing import words_of
from connectors.models import Connection
from connectors.vault import SecretUnreadable
from exceptions.fixes import Beside, Control, Done, Earlier, FixRefused, Panel, Seen
from exceptions.models import UNRESOLVED, Case, CaseState
from exceptions.queries.totals import Sum
from revops.audit.operations import recorded
from revops.jobs import operations as jobs
from revops.jobs.models import Job
from revops.jobs.operations import JobRefused
from revops.jobs.queries import LIVE
from revops.ledger.schedules import Period
from revops.mappings.models import AccountingPeriod, LegalEntity
from revops.pipeline import sources
from revops.pipeline.closed import by_hand, looking, moving
from revops.pipeline.closed.placing import KIND, closed_softly, periods_of
from revops.pipeline.closed.subject import ACTION, SLUG
from revops.pipeline.whatif import MOST

NEXT: Final = "next"
HAND: Final = "hand"
ACCRUE: Final = "accrue"
_NUMBER: Final = "number-"
_FIELDS: Final = 10
_AFTER: Final = "What waits goes on by itself when it is open."


@dataclass(frozen=True, slots=True)
class Chosen:
    """
    The open cases that a fix is about, and what was chosen for them; of more than some hundred the
    first ones. ``count`` is how many it is about, ``total`` how many the cause has.
    """

    cases: list[Case]
    every: list[Case]
    count: int
    total: int
    places: dict[int, tuple[Period, Period | None]]
    way: str

    @property
    def dated(self) -> dict[int, date]:
        """The day that each legal entity's documents would post on, by its id."""
        return {id: later.span.start for id, (_, later) in self.places.items() if later}


class ClosedPeriod:
    """Implements ``exceptions.fixes.Fixer`` for cases of the kind ``period_closed``."""

    action = ACTION
    single = "Choose a period…"

    def panel(
        self, cause_key: str, typed: Mapping[str, str], *, user: User, at: datetime
    ) -> Panel | None:
        running = job_under_way(cause_key)
        if running is not None:
            words = f"{running} posts what it was given in the next open period"
            return Panel("", (), waiting=(words, reverse("jobs:job", args=[running.pk])))
        chosen = _chosen(cause_key, typed)
        if chosen is None:
            return None
        elsewhere = _where(chosen.every[0])
        ways = _ways(chosen)
        if not ways:
            return Panel("", (), elsewhere=elsewhere)
        controls = [
            Control("way", "What happens to it", chosen.way, "choice", ways),
            Control("case", "For", typed.get("case", ""), "choice", _scopes(chosen)),
        ]
        if chosen.way == HAND:
            label = _label(chosen.cases[0])
            controls += [
                Control(
                    f"{_NUMBER}{case.pk}", f"{case.subject_label or case}"[:120],
                    typed.get(f"{_NUMBER}{case.pk}", ""),
                    help=f"The number that {label} gave it; empty to leave {case} as it is.",
                )
                for case in chosen.cases[:_FIELDS]
            ]  # fmt: skip
        return Panel(
            "Choose a period", controls, reason=_reason(chosen), typed=bool(typed),
            elsewhere=elsewhere, after=_AFTER,
            preview=f"Preview for {chosen.count:,}",
        )  # fmt: skip

    def look(
        self, cause_key: str, typed: Mapping[str, str], *, user: User, at: datetime
    ) -> Seen | None:
        chosen = _chosen(cause_key, typed)
        if chosen is None or not _ways(chosen):
            return None
        if chosen.way == HAND:
            return _seen_by_hand(chosen, typed)
        accrue = chosen.way == ACCRUE
        found = looking.look(chosen.cases, chosen.dated, by=user.pk, accrue=accrue)
        return Seen(
            cases=chosen.count, looked=found.looked, clears=found.clears, money=found.money,
            fails=found.fails, books=found.books, calls=found.calls, minutes=found.minutes,
            posted=0, closed=[],
            asks=True, deciders=_deciders(chosen, user, at),
            does="Send for approval, then accrue and post {clears}"
            if accrue else "Send for approval, then post {clears}",
            undo="Journals are reversed one by one; "
            + ("names under the period are given anew" if accrue
               else "the closed period is never touched"),
            note="What is earned counts in its own period; tax comes with the document."
            if accrue else "Each journal keeps its document’s own day beside the new one.",
            periods=_periods(chosen),
        )  # fmt: skip

    def apply(
        self, cause_key: str, typed: Mapping[str, str], *, reason: str, user: User, at: datetime
    ) -> Done:
        chosen = _chosen(cause_key, typed)
        if chosen is None or not _ways(chosen):
            raise FixRefused("Nothing of this cause is open any more.")
        if chosen.way == HAND:
            numbers = _numbers(typed)
            if not numbers:
                raise FixRefused("Give the number of at least one document.")
            settled = by_hand.settle(numbers=numbers, reason=reason, by=user)
            word = "case is" if len(settled) == 1 else "cases are"
            return Done(
                f"{len(settled)} {word} settled by what was booked by hand.", _cause(cause_key)
            )
        return post_later(cause_key=cause_key, typed=typed, reason=reason, by=user)

    def earlier(self, cause_key: str, *, at: datetime) -> Sequence[Earlier]:
        return ()


@recorded
def post_later(*, cause_key: str, typed: Mapping[str, str], reason: str, by: User) -> Done:
    """
    Ask for the open cases of a cause, or one of them, to be posted in the next open period of
    their legal entities. Raises NotAllowed and FixRefused. Pressed twice, the second press finds
    the first one.
    """
    by = authorize(by, ACTION)
    running = job_under_way(cause_key)
    if running is not None:
        raise FixRefused(f"{running} is at it already.")
    chosen = _chosen(cause_key, typed)
    if chosen is None or not chosen.dated:
        raise FixRefused("No later period is open.")
    codes = dict(LegalEntity.objects.filter(pk__in=chosen.places).values_list("pk", "code"))
    accrue = chosen.way == ACCRUE
    found = looking.look(chosen.cases, chosen.dated, by=by.pk, accrue=accrue)
    options = {
        "causes": [cause_key],
        "accrue": accrue,
        "dated": {codes[id]: day.isoformat() for id, day in chosen.dated.items()},
        "closed": {codes[id]: held.code for id, (held, _) in chosen.places.items()},
        "books": looking.plain(found.books),
    }
    one = chosen.cases[0] if chosen.count < chosen.total else None
    ids = [one.pk] if one else list(_open(cause_key).values_list("pk", flat=True)[: jobs.MOST])
    scope = f"{one}, {one.subject_label}" if one else f"all cases of the cause {cause_key}"
    try:
        with transaction.atomic():
            job = jobs.draft(
                kind=moving.JOB, ids=ids, by=by,
                scope_text=scope, options=options,
            )  # fmt: skip
            job = jobs.start(job_id=job.pk, by=by, reason=reason)
    except JobRefused as refusal:
        raise FixRefused(str(refusal)) from refusal
    return Done(f"{job} is asked for: it runs when it is agreed to.", _job(job))


def job_under_way(cause_key: str) -> Job | None:
    """The job of this cause that waits or runs."""
    found = Job.objects.filter(kind=moving.JOB, state__in=LIVE)
    return found.filter(options__causes__contains=[cause_key]).order_by("-pk").first()


def _chosen(cause_key: str, typed: Mapping[str, str]) -> Chosen | None:
    waiting = _open(cause_key)
    every = list(waiting[:MOST])
    if not every:
        return None
    total = len(every) if len(every) < MOST else waiting.count()
    wanted = typed.get("case", "")
    one = list(waiting.filter(pk=int(wanted))) if wanted.isdecimal() else []
    if total == len(every):
        kept = {(case.legal_entity_id, case.period_code) for case in every}
    else:
        kept = set(waiting.values_list("legal_entity", "period_code").order_by().distinct())
    places = periods_of(kept)
    way = NEXT
    if typed.get("way") == HAND and by_hand.can_ask(every[0]):
        way = HAND
    elif typed.get("way") == ACCRUE and _may_accrue(every[0], places):
        way = ACCRUE
    return Chosen(one or every, every, 1 if one else total, total, places, way)


def _open(cause_key: str) -> QuerySet[Case]:
    waiting = Case.objects.filter(UNRESOLVED, cause_key=cause_key, kind=KIND, state=CaseState.OPEN)
    return waiting.select_related("legal_entity").order_by("opened_at", "pk")


def _ways(chosen: Chosen) -> list[tuple[str, str]]:
    found = []
    if chosen.dated:
        codes = sorted({later.code for _, later in chosen.places.values() if later})
        found.append((NEXT, f"Post into the next open period, {' or '.join(codes)}"))
        if _may_accrue(chosen.every[0], chosen.places):
            own = " or ".join(sorted({held.code for held, _ in chosen.places.values()}))
            later = " or ".join(codes)
            found.append((ACCRUE, f"Accrue in {own} what it earns there, book it in {later}"))
    if by_hand.can_ask(chosen.every[0]):
        found.append((HAND, "It was booked by hand in the ERP: check and link it"))
    return found


def _may_accrue(case: Case, places: Mapping[int, tuple[Period, Period | None]]) -> bool:
    """While nothing is locked, of an event that our own books keep out."""
    return case.command_id is None and case.inbound_id is not None and closed_softly(places)


def _scopes(chosen: Chosen) -> list[tuple[str, str]]:
    many = chosen.total > 1
    first = f"All {chosen.total:,} open cases of the cause" if many else "The one open case"
    shown = [*chosen.cases[:1], *chosen.every][:_FIELDS] if many else []
    named = {str(case.pk): f"Only {case}, {case.subject_label}"[:120] for case in shown}
    return [("", first), *named.items()]


def _seen_by_hand(chosen: Chosen, typed: Mapping[str, str]) -> Seen | None:
    numbers = _numbers(typed)
    compared = by_hand.compare(chosen.cases, numbers)
    if not compared:
        return None
    agree = [one for one in compared if one.agrees]
    money = Sum()
    for one in agree:
        money.add(1, one.case.currency, one.case.at_stake or 0)
    return Seen(
        cases=len(compared), looked=len(compared), clears=len(agree), money=money.amounts,
        fails=[], books=[], calls=[], minutes=0, posted=0, closed=[], asks=False,
        deciders="Nobody: what the ERP holds decides",
        does="Settle {clears} with what was booked by hand" if len(agree) == len(compared) else "",
        undo="A reversal in the ERP shows in the daily comparison",
        note="Nothing is sent and nothing is booked.",
        beside=[
            Beside(f"{one.case}: {one.number}", one.lines, one.problem) for one in compared
        ],
        periods="No period is touched",
    )  # fmt: skip


def _numbers(typed: Mapping[str, str]) -> dict[int, str]:
    """Case id → number, of those that were filled in."""
    found = {
        name.removeprefix(_NUMBER): value.strip()[:60]
        for name, value in typed.items()
        if name.startswith(_NUMBER) and value.strip()
    }
    return {int(id): number for id, number in found.items() if id.isdecimal()}


def _deciders(chosen: Chosen, user: User, at: datetime) -> str:
    entities = {case.legal_entity.code for case in chosen.cases if case.legal_entity}
    money = Sum()
    for case in chosen.cases:
        money.add(1, case.currency if case.at_stake is not None else "", case.at_stake or 0)
    asked = trial(
        subject=SLUG, entity=entities.pop() if len(entities) == 1 else "",
        amount=money.amounts[0] if len(money.amounts) == 1 else None, by=user.pk, at=at,
    )  # fmt: skip
    if asked.placed.tier.automatic:
        return "Nobody: the policy lets it through."
    words = ", then ".join(f"one {words_of(step)}" for step in asked.placed.tier.steps)
    stuck = " Nobody can decide it now." if asked.stuck else ""
    return f"{words.capitalize()}, and not you.{stuck} {asked.placed.why}".strip()


def _periods(chosen: Chosen) -> str:
    # What the ERP refused is in our books: there it is undone, and the ERP never had it.
    there = chosen.every[0].command_id is not None
    stays = "undone in our books alone" if there else "stays closed"
    if chosen.way == ACCRUE:
        stays = "gets an accrual alone, taken back on the later day"
    told = {
        f"{held.code} {stays}; dated {later.span.start.isoformat()} in {later.code}"
        for held, later in chosen.places.values()
        if later is not None
    }
    return "; ".join(sorted(told))


def _reason(chosen: Chosen) -> str:
    held = ", ".join(sorted({held.code for held, _ in chosen.places.values()}))
    count = chosen.count
    return (
        f"{held} is closed: {count:,} {'document comes' if count == 1 else 'documents come'} late."
    )


def _where(case: Case) -> tuple[str, str] | None:
    """The page where the period is asked to be opened again, or that of the ERP."""
    if case.command_id is not None and case.connection_slug:
        words = f"Open {case.period_code} in {_label(case)}, then retry"
        return words, reverse("connections:connection", args=[case.connection_slug])
    found = AccountingPeriod.objects.filter(
        legal_entity=case.legal_entity_id, code=case.period_code
    ).first()
    if found is None or case.legal_entity is None:
        return None
    words = f"Ask to open {found.code} of {case.legal_entity.name} again"
    return words, reverse("console:period", args=[found.pk])


def _label(case: Case) -> str:
    try:
        return sources.by_slug(case.connection_slug).label
    except (Connection.DoesNotExist, SecretUnreadable):
        return case.connection_slug


def _cause(cause_key: str) -> str:
    return reverse("exceptions:cause", args=[cause_key])


def _job(job: Job) -> str:
    return reverse("jobs:job", args=[job.pk])

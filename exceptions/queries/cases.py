"""The queue with one row for each case, and every row for a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol, cast

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from exceptions import kinds
from exceptions.kinds import Kind
from exceptions.models import UNRESOLVED, Case, CaseState
from exceptions.queries.closes import Endangers, endangers
from exceptions.queries.selection import Selection
from revops.kernel.money import Money
from revops.mappings.models import AccountingPeriod
from revops.web.pagination import COUNT_CAP, SIZES, Count, Page, capped_count, keyset_page

_ORDERS: Final = {
    "oldest": ("opened_at", "pk"),
    "newest": ("-opened_at", "-pk"),
}
_RESOLVED_ORDER: Final = ("-resolved_at", "-pk")
_CHUNK: Final = 500
_HISTORY_CAP: Final = 1_000
# What a row shows; the story and the payload stay in the database.
_COLUMNS: Final = (
    "kind", "cause_key", "cause", "state", "legal_entity__name", "legal_entity__zone",
    "period_code", "currency", "at_stake", "path", "customer_name", "subject_label", "owner_team",
    "assignee__name", "snoozed", "snoozed_until", "occurrences", "opened_at", "due_at", "checks_at",
    "resolved_at", "record_kind", "record_id", "connection_slug", "correlation_id", "resolution",
)  # fmt: skip

_FILE: Final = (
    "id", "state", "kind", "cause", "subject_label", "customer_name", "period_code", "currency",
    "at_stake", "occurrences", "opened_at", "due_at", "resolved_at", "resolution", "owner_team",
    "connection_slug", "path", "correlation_id", "cause_key",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as a list shows it."""

    case: Case
    kind: Kind
    endangers: Endangers | None
    at: datetime

    @property
    def amount(self) -> Money | None:
        return amount_of(self.case)

    @property
    def status(self) -> str:
        return status_of(self.case, self.at)


def amount_of(case: Case) -> Money | None:
    """What is at stake, or None when that is not known."""
    if case.at_stake is None or not case.currency:
        return None
    return Money(case.at_stake, case.currency)


def status_of(case: Case, at: datetime) -> str:
    """The state as a person sees it: an open case past its due time is late."""
    if case.snoozed:
        return "snoozed"
    late = case.state == CaseState.OPEN and case.due_at < at
    return "late" if late else str(case.state)


def page_of_cases(
    selection: Selection,
    *,
    sort: str = "oldest",
    after: str = "",
    before: str = "",
    size: int = SIZES[0],
    known: int | None = None,
) -> Page[CaseRow]:
    """
    Two queries, three when ``known``, the number of cases from the tally, is not given: cases are
    then counted up to a cap.
    """
    # History is long: a filtered count of it stops early.
    cap = COUNT_CAP if selection.unresolved else _HISTORY_CAP
    count = capped_count(selection.cases(), cap=cap) if known is None else Count(known)
    order = _ORDERS[sort] if selection.unresolved else _RESOLVED_ORDER
    page = keyset_page(
        _with_periods(selection.cases()).select_related("legal_entity", "assignee").only(*_COLUMNS),
        order=order,
        after=after,
        before=before,
        size=size,
        count=count,
    )
    return Page(
        rows=rows_of(page.rows, selection.at),
        first=page.first,
        size=page.size,
        count=page.count,
        previous=page.previous,
        next=page.next,
    )


def every_case(selection: Selection) -> Iterator[Any]:
    """Every case that is chosen, for a file: see ``for_a_file``."""
    return for_a_file(selection.cases())


def for_a_file(cases: QuerySet[Case]) -> Iterator[Any]:
    """
    Each as a named tuple of plain columns, oldest first. Read in portions: memory stays flat
    however many there are.
    """
    found = (
        cases.annotate(legal_entity_name=F("legal_entity__name"))
        .order_by("opened_at", "pk")
        .values_list(*_FILE, "legal_entity_name", named=True)
    )
    return iter(found.iterator(chunk_size=_CHUNK))


def rows_of(cases: Sequence[Case], at: datetime) -> list[CaseRow]:
    """
    The rows of some cases with what each endangers: one query for all their periods, unless they
    came with them.
    """
    carrying = [cast(_Carrying, case) for case in cases if hasattr(case, "period_ends")]
    periods = _carried(carrying) if len(carrying) == len(cases) else _periods(cases)
    return [
        CaseRow(case, kinds.described(case.kind), endangered(case, periods, at), at)
        for case in cases
    ]


Periods = dict[tuple[int | None, str], AccountingPeriod]


class _Carrying(Protocol):
    """A case that was read with its period."""

    legal_entity_id: int | None
    period_code: str
    period_ends: date | None
    period_state: str | None


def _with_periods(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Each with the end and the state of its period."""
    period = AccountingPeriod.objects.filter(
        legal_entity=OuterRef("legal_entity"), code=OuterRef("period_code")
    )
    return cases.annotate(
        period_ends=Subquery(period.values("ends")[:1]),
        period_state=Subquery(period.values("state")[:1]),
    )


def _carried(cases: Iterable[_Carrying]) -> Periods:
    return {
        (case.legal_entity_id, case.period_code): AccountingPeriod(
            legal_entity_id=case.legal_entity_id, code=case.period_code,
            ends=case.period_ends, state=case.period_state,
        )
        for case in cases
        if case.legal_entity_id is not None
        and case.period_ends is not None
        and case.period_state is not None
    }  # fmt: skip


def _periods(cases: Iterable[Case]) -> Periods:
    wanted = {(case.legal_entity_id, case.period_code) for case in cases if case.period_code}
    if not wanted:
        return {}
    chosen = Q()
    for entity_id, code in wanted:
        chosen |= Q(legal_entity=entity_id, code=code)
    found = AccountingPeriod.objects.filter(chosen)
    return {(period.legal_entity_id, period.code): period for period in found}


def endangered(case: Case, periods: Periods, at: datetime) -> Endangers | None:
    """What the case endangers, when its period is known."""
    period = periods.get((case.legal_entity_id, case.period_code))
    if period is None or case.legal_entity is None:
        return None
    return endangers(
        entity=case.legal_entity.name,
        zone=case.legal_entity.zone,
        period=period.code,
        ends=period.ends,
        state=period.state,
        at=at,
    )


def of_cause(cause_key: str, *, most: int) -> list[Case]:
    """The unresolved cases of a cause, oldest first, with what a remedy looks at."""
    return list(
        Case.objects.filter(UNRESOLVED, cause_key=cause_key)
        .select_related("command", "inbound")
        .defer("command__payload", "inbound__body")
        .order_by("opened_at", "pk")[:most]
    )

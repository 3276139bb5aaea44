"""Reading revenue schedules: the list, and one schedule with its periods and its chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum

from revops.canonical.models import Customer, Invoice
from revops.kernel.money import Money
from revops.kernel.periods import Span
from revops.ledger.models import Recognition, RevenueSchedule
from revops.ledger.schedules import Period, PeriodMissing, portions
from revops.mappings.models import AccountingPeriod
from revops.web.filters import State
from revops.web.lists import page_at
from revops.web.pagination import Page

Schedules = QuerySet[RevenueSchedule, RevenueSchedule]
CONVENTIONS: Final = {
    "daily": "by day",
    "month_even": "evenly by period",
    "month_prorate_ends": "evenly, ends by day",
    "point_in_time": "at once",
}
STOPS: Final = {
    "change": "changed in mid-term",
    "credit": "credited",
    "pause": "paused",
    "ended": "service ended",
    "void": "voided",
}


@dataclass(frozen=True, slots=True)
class Share:
    """
    A period of a schedule: what it earns (``due``), what of it is in the books (``done``), and what
    is left to earn after it. ``entries`` are the ids of its recognition journals.
    """

    period: str
    due: Money
    done: Money
    left: Money
    entries: Sequence[int]
    past: bool

    @property
    def status(self) -> str:
        if self.due == self.done:
            return "done" if self.entries or not self.due.minor else "not_due"
        return "late" if self.past else "not_due"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule with its shares; ``chain`` are all of the same chain, in their order."""

    row: RevenueSchedule
    total: Money
    carried: Money
    recognised: Money
    shares: Sequence[Share]
    chain: Sequence[RevenueSchedule]
    invoice: Invoice | None
    customer: Customer | None


def page_of_schedules(state: State) -> Page[RevenueSchedule]:
    """Schedules with ``recognised`` (minor units), the newest service first."""
    rows = _schedules(state)
    return page_at(rows, state, order=("-service_start", "-id"))


def skus() -> dict[str, str]:
    """The SKUs to filter by."""
    held = RevenueSchedule.objects.order_by("sku").values_list("sku", flat=True).distinct()
    return {sku: sku for sku in held[:200]}


def schedule_of(id: int, *, today: date) -> Schedule | None:
    """One schedule; None when there is none. Six queries."""
    row = RevenueSchedule.objects.select_related("legal_entity", "entry", "successor").filter(pk=id)
    found = row.first()
    if found is None:
        return None
    chain = list(
        RevenueSchedule.objects.filter(
            legal_entity_id=found.legal_entity_id, chain=found.chain or "-"
        ).order_by("service_start", "pk")
    )
    invoice, customer = _about(found)
    done = list(Recognition.objects.filter(schedule=found).order_by("period_code", "revision"))
    recognised = sum(one.amount for one in done)
    return Schedule(
        row=found,
        total=Money(found.total, found.currency),
        carried=Money(found.carried, found.currency),
        recognised=Money(recognised, found.currency),
        shares=_shares(found, done, today),
        chain=chain or [found],
        invoice=invoice,
        customer=customer,
    )


def _shares(row: RevenueSchedule, done: Sequence[Recognition], today: date) -> list[Share]:
    calendar = [
        Period(code, Span(starts, ends))
        for code, starts, ends in AccountingPeriod.objects.filter(
            legal_entity_id=row.legal_entity_id,
            ends__gte=row.service_start, starts__lte=row.service_end,
        ).order_by("starts").values_list("code", "starts", "ends")
    ]  # fmt: skip
    try:
        due = portions(
            total=row.total, functional_total=row.functional_total,
            service=Span(row.service_start, row.service_end), convention=row.convention,
            periods=calendar, until=row.stopped_on,
        )  # fmt: skip
    except PeriodMissing:
        return []  # the page says that the calendar does not reach so far
    left = row.total
    shares = []
    for portion in due:
        own = [one for one in done if one.period_code == portion.period]
        left -= portion.amount
        shares.append(
            Share(
                portion.period,
                Money(portion.amount, row.currency),
                Money(sum(one.amount for one in own), row.currency),
                Money(left, row.currency),
                [one.entry_id for one in own if one.entry_id is not None],
                past=portion.span.end < today,
            )
        )
    return shares


def _about(row: RevenueSchedule) -> tuple[Invoice | None, Customer | None]:
    if row.entry.record_kind != "invoice" or row.entry.record_id is None:
        return None, None
    invoice = Invoice.objects.select_related("customer").filter(pk=row.entry.record_id).first()
    return invoice, invoice.customer if invoice else None


def _schedules(state: State) -> Schedules:
    done = (
        Recognition.objects.filter(schedule=OuterRef("pk"))
        .order_by()
        .values("schedule")
        .annotate(sum=Sum("amount"))
        .values("sum")
    )
    rows: Any = RevenueSchedule.objects.select_related("legal_entity").annotate(
        recognised=Subquery(done)
    )
    if state.one("entity"):
        rows = rows.filter(legal_entity__code=state.one("entity"))
    if state.one("period"):
        wanted = AccountingPeriod.objects.filter(
            legal_entity=OuterRef("legal_entity"), code=state.one("period")
        )
        rows = rows.filter(
            service_start__lte=Subquery(wanted.values("ends")[:1]),
            service_end__gte=Subquery(wanted.values("starts")[:1]),
        )
    if state.one("sku"):
        rows = rows.filter(sku=state.one("sku"))
    if words := state.one("q").strip():
        rows = rows.filter(
            Q(business_key__icontains=words) | Q(line_id=words) | Q(customer_ref=words)
        )
    match state.one("standing"):
        case "running":
            rows = rows.filter(stopped_on__isnull=True).exclude(recognised=F("total"))
        case "stopped":
            rows = rows.filter(stopped_on__isnull=False)
        case "finished":
            rows = rows.filter(stopped_on__isnull=True, recognised=F("total"))
    found: Schedules = rows
    return found

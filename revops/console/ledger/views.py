"""The pages of the books: journals, schedules, deferred revenue and the trial balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from revops.console.ledger import filters
from revops.console.ledger import journals as reading
from revops.console.ledger.schedules import CONVENTIONS, STOPS, page_of_schedules, schedule_of, skus
from revops.console.ledger.tabs import SCOPE, tabs_of
from revops.kernel import clock
from revops.kernel.money import Money
from revops.ledger.queries.rollforward import Step, columns, deferred_rollforward
from revops.ledger.queries.trial_balance import TrialBalance
from revops.ledger.queries.trial_balance import trial_balance as balance_of
from revops.lineage.queries.hops import DOCUMENTS
from revops.mappings.models import AccountingPeriod, LegalEntity
from revops.web.csv_files import csv_file
from revops.web.exports import file_of
from revops.web.filters import State
from revops.web.htmx import render_page
from revops.web.lists import render_list
from revops.web.policy import screen

_PERIODS_SHOWN: Final = 12
_WORDS: Final = {
    "billed": "Billed", "voided": "Voided", "credited": "Credited", "recognised": "Recognised",
    "written_off": "Written off", "reclassified": "Moved", "other": "Other",
}  # fmt: skip


@screen("books.view")
@require_GET
def journals(request: HttpRequest) -> HttpResponse:
    """Every entry, newest accounting date first."""
    state = filters.JOURNALS.read(request.GET, choices={"account": reading.accounts()})
    page = reading.page_of_entries(state)
    more = {
        "rows": [
            (row, Money(row.amount, row.currency), reading.standing_of(row)) for row in page.rows
        ],
        "tabs": tabs_of("console:journals", state),
        "documents": DOCUMENTS,
    }
    return render_list(
        request, "ledger/journals.html", state, page, noun="entries",
        form=("q", "document", "account", "standing"), more=more,
    )  # fmt: skip


@screen("books.view")
@file_of("journal entries")
def journals_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The current filter as CSV, up to 5,000 entries."""
    state = filters.JOURNALS.read(request.GET, choices={"account": reading.accounts()})
    return csv_file("journals", reading.COLUMNS, reading.every_entry(state), at=clock.now())


@screen("books.view")
@require_GET
def schedules(request: HttpRequest) -> HttpResponse:
    """How revenue is spread, line by line."""
    state = filters.SCHEDULES.read(request.GET, choices={"sku": skus()})
    page = page_of_schedules(state)
    more = {
        "rows": [_listed(row) for row in page.rows],
        "tabs": tabs_of("console:schedules", state),
    }
    return render_list(
        request, "ledger/schedules.html", state, page, noun="schedules",
        form=("q", "sku", "standing"), more=more,
    )  # fmt: skip


@screen("books.view")
@require_GET
def schedule(request: HttpRequest, id: int) -> HttpResponse:
    """One schedule: its periods, what is in the books, and the chain that it belongs to."""
    found = schedule_of(id, today=clock.now().date())
    if found is None:
        raise Http404(f"There is no revenue schedule {id}.")
    context = {
        "found": found,
        "row": found.row,
        "convention": CONVENTIONS.get(found.row.convention, found.row.convention),
        "stop": STOPS.get(found.row.stop_reason, ""),
        "chain": [_listed(row) for row in found.chain],
    }
    return render_page(request, "ledger/schedule.html", context)


@dataclass(frozen=True, slots=True)
class Told:
    """An entity's roll-forward in one currency. ``rows``: (step, opening, moves, closing, …)."""

    entity: LegalEntity
    currency: str
    words: Sequence[str]
    rows: Sequence[tuple[Step, Money, Sequence[Money], Money, Money]]

    @property
    def ties(self) -> bool:
        return all(row[0].ties for row in self.rows)


@screen("books.view")
@require_GET
def rollforward(request: HttpRequest) -> HttpResponse:
    """Deferred revenue from period to period, tied to the schedules."""
    state = SCOPE.read(request.GET)
    told: list[Told] = []
    for entity in _entities(state):
        codes = _codes(entity, state)
        if codes:
            told.extend(_told(entity, codes))
    context = {
        "told": told,
        "state": state,
        "tabs": tabs_of("console:rollforward", state),
        "apart": sum(1 for one in told if not one.ties),
    }
    return render_page(request, "ledger/rollforward.html", context)


@screen("books.view")
@require_GET
def trial_balance(request: HttpRequest) -> HttpResponse:
    """Every account of an entity over a period: the asked one, or the one of today."""
    state = SCOPE.read(request.GET)
    found: list[tuple[LegalEntity, str, TrialBalance, Sequence[Any]]] = []
    for entity in _entities(state):
        period = _period(entity, state)
        if period is None:
            continue
        balance = balance_of(entity_id=entity.pk, first=period.starts, latest=period.ends)
        rows = [
            (row, *(Money(part, row.currency) for part in (row.opening, row.debit, row.credit)),
             Money(row.closing, row.currency),
             Money(row.functional_closing, balance.currency))
            for row in balance.rows
        ]  # fmt: skip
        found.append((entity, period.code, balance, rows))
    context = {"found": found, "state": state, "tabs": tabs_of("console:trial-balance", state)}
    return render_page(request, "ledger/trial_balance.html", context)


def _listed(row: Any) -> tuple[Any, Money, Money, str]:
    recognised = getattr(row, "recognised", None)
    status = "running"
    if row.stopped_on is not None:
        status = "stopped"
    elif recognised == row.total:
        status = "done"
    return row, Money(row.total, row.currency), Money(recognised or 0, row.currency), status


def _entities(state: State) -> list[LegalEntity]:
    rows = LegalEntity.objects.order_by("name")
    return list(rows.filter(code=state.one("entity")) if state.one("entity") else rows)


def _period(entity: LegalEntity, state: State) -> AccountingPeriod | None:
    held = AccountingPeriod.objects.filter(legal_entity=entity)
    if state.one("period"):
        return held.filter(code=state.one("period")).first()
    return held.filter(starts__lte=clock.now().date()).order_by("-starts").first()


def _codes(entity: LegalEntity, state: State) -> tuple[str, str] | None:
    """The twelve periods that end with the asked one, or with the one of today."""
    latest = _period(entity, state)
    if latest is None:
        return None
    held = AccountingPeriod.objects.filter(legal_entity=entity, starts__lte=latest.starts)
    first = list(held.order_by("-starts").values_list("code", flat=True)[:_PERIODS_SHOWN])[-1]
    return first, latest.code


def _told(entity: LegalEntity, codes: tuple[str, str]) -> list[Told]:
    steps = deferred_rollforward(entity_id=entity.pk, first=codes[0], latest=codes[1])
    made = []
    for currency in sorted({step.currency for step in steps}):
        own = [step for step in steps if step.currency == currency]
        # Periods before the first movement say nothing.
        while own and not (own[0].opening or own[0].closing or _moved(own[0])):
            own.pop(0)
        names = [name for name in columns() if any(getattr(step, name) for step in own)]
        rows = [
            (
                step,
                Money(step.opening, currency),
                [Money(getattr(step, name), currency) for name in names],
                Money(step.closing, currency),
                Money(step.scheduled, currency),
            )
            for step in own
        ]
        made.append(Told(entity, currency, [_WORDS.get(name, name) for name in names], rows))
    return made


def _moved(step: Step) -> bool:
    return any(getattr(step, name) for name in columns())

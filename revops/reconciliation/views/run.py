"""One run: the proof, its breaks, what is carried forward, and the names under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.authority import Verdict
from accounts.models import User
from accounts.queries import explain
from approvals.models import State as Asked
from approvals.operations import ApprovalRefused
from revops.kernel import clock
from revops.kernel.money import Money
from revops.kernel.privacy import PII
from revops.reconciliation.filters import BREAKS
from revops.reconciliation.items import Item
from revops.reconciliation.models import Break, Run, SignOff
from revops.reconciliation.operations import asking, carrying, signing
from revops.reconciliation.operations.carrying import CarryRefused
from revops.reconciliation.operations.signing import SignOffRefused
from revops.reconciliation.queries import breaks as rows_of
from revops.reconciliation.queries import carried, figures, leftovers, lines, signoffs, suggestions
from revops.reconciliation.queries.breaks import narrowed, tabs, word_of
from revops.reconciliation.queries.figures import Figures
from revops.reconciliation.queries.naming import check_of, name_of, sides_of
from revops.reconciliation.views.finding import run_of
from revops.reconciliation.views.rates import Rate, rate_of
from revops.web.csv_files import Column, csv_file, instant_cell, money_cells
from revops.web.exports import MOST_ROWS, file_of
from revops.web.htmx import refuse, render_page
from revops.web.pagination import numbered_page, page_size
from revops.web.policy import screen

_COLUMNS = (
    "run", "type", "status", "left", "right", Column("customer", PII), "currency", "left_amount",
    "right_amount", "difference", Column("likely_reason", PII), "expected_by", "open_since", "case",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """The sign-off box: whose turn it is, and why not yet."""

    role: str
    verdict: Verdict
    missing: Sequence[signoffs.Missing]
    names: dict[str, SignOff]
    suspended: SignOff | None

    @property
    def ready(self) -> bool:
        return not self.missing and self.verdict.allowed

    @property
    def done(self) -> bool:
        return set(self.names) == {signing.PREPARER, signing.REVIEWER}


@screen("reconciliation.view")
@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    """A − B and what it is made of; of a run that a newer one replaced, what it found then."""
    run = run_of(number)
    newer = _newer(run)
    if newer is not None:
        return _replaced(request, run, newer)
    state = BREAKS.read(request.GET)
    held = figures.standing(run)
    told = figures.of(run, held)
    sides = sides_of(run.pair)
    shown = rows_of.rows(narrowed(held, state.one("type")))
    page = numbered_page(shown, number=state.one("page"), size=page_size(state.one("rows")))
    lacking = any(rows_of.lacks(one) for row in page.rows for one in row.breaks)
    offered = suggestions.counterparts(run) if lacking else {}
    code = run.legal_entity.code
    context: dict[str, Any] = {
        "run": run,
        "name": name_of(run.pair),
        "check": check_of(run.pair),
        "sides": sides,
        "figures": told,
        "rates": [(proof, _rate(run, proof, held)) for proof in told.proofs],
        "tabs": tabs(held, sides),
        "tab": state.one("type"),
        "page": page,
        "rows": [
            (row, word_of(row.first.type, sides), rows_of.may_be(row, offered)) for row in page.rows
        ],
        "listed": narrowed(held, state.one("type")),
        "carried": carried.of(run),
        "box": box_of(request.user, run, told),
        "late": signoffs.late_since(run),
        "agreed": carried.agreed(run) if told.decide else None,
        "waiting": carried.waiting(run) if told.decide else None,
        "to_match": leftovers.breaks_of(run).count(),
        "may_run": explain(request.user, "reconciliation.run", entities=[code]),
        "state": state,
        "path": request.path,
        "noun": "breaks",
    }
    return render_page(
        request, "reconciliation/run.html", context, fragments={"list": "list"},
        address=state.address(request.path),
    )  # fmt: skip


def _replaced(request: HttpRequest, run: Run, newer: Run) -> HttpResponse:
    """Breaks are kept as they are now, so beside its totals stand only its own sums of them."""
    sides = sides_of(run.pair)
    context = {
        "run": run,
        "newer": newer,
        "check": check_of(run.pair),
        "sides": sides,
        "kept": [
            (one, [(word_of(kind, sides), held) for kind, held in one.types])
            for one in figures.kept(run)
        ],
    }
    return render(request, "reconciliation/replaced.html", context)


@screen("reconciliation.view")
@file_of("breaks of a run")
def breaks_csv(request: HttpRequest, number: int) -> HttpResponseBase:
    """The breaks as they are narrowed, one line each, of the newest run only."""
    run = run_of(number)
    newer = _newer(run)
    if newer is not None:
        raise Http404(f"{newer} replaced {run}. Breaks are those of the newer one.")
    found = narrowed(figures.standing(run), BREAKS.read(request.GET).one("type"))
    cells = _cells(run, found[:MOST_ROWS])
    return csv_file(f"{run}".lower(), _COLUMNS, cells, at=clock.now())


@screen("reconciliation.run")
@require_POST
def again(request: HttpRequest, number: int) -> HttpResponse:
    """The same pair, legal entity and period, anew."""
    assert isinstance(request.user, User)
    run = run_of(number)
    asking.run(pair=run.pair, entity=run.legal_entity, period_code=run.period_code, by=request.user)
    messages.success(request, "It runs again. The list shows when it is done.")
    return HttpResponseRedirect(
        f"{reverse('reconciliation:list')}?entity={run.legal_entity.code}&period={run.period_code}"
    )


@screen("reconciliation.sign")
@require_POST
def sign(request: HttpRequest, number: int) -> HttpResponse:
    """Put a name under the figures that the page showed."""
    assert isinstance(request.user, User)
    run = run_of(number)
    typed = request.POST
    role = signing.REVIEWER if typed.get("role") == signing.REVIEWER else signing.PREPARER
    try:
        signing.sign(
            run=run, role=role, by=request.user, seen=typed.get("seen", ""),
            note=typed.get("note", ""),
        )  # fmt: skip
    except SignOffRefused as refusal:
        return refuse(request, refusal)
    messages.success(request, f"You signed {run} as {role}.")
    return HttpResponseRedirect(_address(run, "sign"))


@screen("reconciliation.run")
@require_POST
def carry(request: HttpRequest, number: int) -> HttpResponse:
    """Leave what is undecided to the next period, for a reason."""
    assert isinstance(request.user, User)
    run = run_of(number)
    try:
        asked = carrying.ask(run=run, reason=request.POST.get("reason", ""), by=request.user)
    except (CarryRefused, ApprovalRefused) as refusal:
        return refuse(request, refusal)
    if asked.state == Asked.APPROVED:
        messages.success(request, "They are carried forward. The period can be signed.")
    else:
        messages.success(request, f"{asked} waits for somebody to agree.")
    return HttpResponseRedirect(_address(run, "sign"))


def box_of(user: object, run: Run, told: Figures) -> Box:
    """The next name that is missing, and whether ``user`` may give it."""
    names = signoffs.standing(run)
    role = signing.REVIEWER if signing.PREPARER in names else signing.PREPARER
    verdict = explain(
        user, signing.ACTION, entities=[run.legal_entity.code],
        makers=signoffs.makers(run) if role == signing.REVIEWER else frozenset(),
    )  # fmt: skip
    gone = [one for one in signoffs.of(run) if one.suspended_at is not None]
    done = set(names) == {signing.PREPARER, signing.REVIEWER}
    return Box(
        role, verdict, [] if done else signoffs.missing(run, told, role), names,
        gone[0] if gone and not names else None,
    )  # fmt: skip


def _rate(run: Run, proof: figures.Proof, held: Sequence[Break]) -> Rate:
    mine = [(one.type, one.state, len(one.left)) for one in held if one.currency == proof.currency]
    segments = lines.segments(proof.left.count, mine)
    return rate_of(segments, proof.left.count, check_of(run.pair).noun)


def _newer(run: Run) -> Run | None:
    newest = signoffs.latest(run.pair_id, run.legal_entity_id, run.period_code)
    return newest if newest is not None and newest.pk > run.pk else None


def _address(run: Run, anchor: str = "") -> str:
    address = reverse("reconciliation:run", args=[run.number])
    return f"{address}#{anchor}" if anchor else address


def _cells(run: Run, found: Sequence[Break]) -> Iterator[tuple[str, ...]]:
    sides = sides_of(run.pair)
    offered = suggestions.counterparts(run) if any(map(rows_of.lacks, found)) else {}
    for one in found:
        row = rows_of.Row([one])
        currency, difference = money_cells(Money(one.difference, one.currency))
        yield (
            str(run), word_of(one.type, sides), row.status[1], _names(row.left), _names(row.right),
            row.party, currency, money_cells(row.left_money)[1], money_cells(row.right_money)[1],
            difference, rows_of.may_be(row, offered) or one.reason,
            one.expected_by.isoformat() if one.expected_by else "",
            instant_cell(one.opened_at), str(one.case) if one.case else "",
        )  # fmt: skip


def _names(items: Sequence[Item]) -> str:
    return " ".join(item.name for item in items)

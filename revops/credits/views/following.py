"""Following credits: the list, one request with its stages, the leakage report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.queries import may
from approvals.models import ApprovalRequest
from revops.credits import files, life
from revops.credits.filters import CREDITS, LEAKAGE
from revops.credits.models import ServiceCredit
from revops.credits.preview import Preview, preview
from revops.credits.queries import leakage as report
from revops.credits.queries.listing import listed, only_own, seen_by, select, word_of
from revops.credits.queries.progress import progress
from revops.credits.queries.reversible import hindrance
from revops.credits.queries.situation import billed
from revops.kernel import clock
from revops.kernel.clock import local_date
from revops.kernel.money import Money
from revops.web.charts import Point, Words
from revops.web.csv_files import csv_file
from revops.web.exports import MOST_ROWS, file_of
from revops.web.filters import State
from revops.web.formats import span_text
from revops.web.htmx import render_page
from revops.web.lists import page_at, render_list
from revops.web.policy import screen

_ORDER: Final = ("-pk",)
_MOMENTS: Final = 50


@screen("credits.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """Every request that the person may see, the newest first."""
    assert isinstance(request.user, User)
    state = CREDITS.read(request.GET)
    rows = _chosen(request.user, state)
    page = page_at(rows, state, order=_ORDER)
    more = {
        "rows": listed(page.rows),
        "may_ask": may(request.user, "credits.request"),
        "may_report": may(request.user, "credits.report"),
        "own": only_own(request.user),
        "reasons": life.REASONS,
        "at": clock.now(),
    }
    return render_list(
        request, "credits/credits.html", state, page, noun="requests",
        form=("q", "state", "type"), more=more,
    )  # fmt: skip


@screen("credits.view")
@file_of("credits")
def every_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The requests of the filter in force, the newest first, as a file."""
    assert isinstance(request.user, User)
    state = CREDITS.read(request.GET)
    rows = list(_chosen(request.user, state).order_by(*_ORDER)[:MOST_ROWS])
    return csv_file("credits", files.COLUMNS, files.rows_of(rows), at=clock.now())


@screen("credits.view")
@require_GET
def one(request: HttpRequest, id: int) -> HttpResponse:
    """How far it is, what was asked for, what posts, and what one may tell the customer."""
    assert isinstance(request.user, User)
    return page_of(request, seen(request.user, id))


@screen("credits.report")
@require_GET
def leakage(request: HttpRequest) -> HttpResponse:
    """Promised, approved, issued, applied, unapplied, expired; and how long each stage takes."""
    state = LEAKAGE.read(request.GET)
    now = clock.now()
    entity = state.one("entity")
    found, taken = _leaked(state, now)
    context = {
        "state": state,
        "entity": entity,
        "path": request.path,
        "form": state.form("since"),
        "sums": found,
        "charts": [(one, *_road(one)) for one in found],
        "delay_rows": [
            {
                "title": one.title,
                "number": one.number,
                "middle_shown": _lasted(one.middle) if one.number else "none yet",
                "longest_shown": _lasted(one.longest) if one.number else "none yet",
            }
            for one in taken
        ],
        "delay_points": [
            Point(one.title, one.middle, _lasted(one.middle), "wait") for one in taken
        ],
        "delay_words": Words("delays", _slowest(taken), "Stage", "Half take less than"),
        "at": now,
    }  # fmt: skip
    return render_page(
        request, "credits/leakage.html", context, fragments={"list": "list"},
        address=state.address(request.path),
    )  # fmt: skip


@screen("credits.report")
@file_of("credit leakage")
def leakage_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The figures of the report, as a file."""
    now = clock.now()
    rows = files.rows_of_leakage(*_leaked(LEAKAGE.read(request.GET), now))
    return csv_file("credit-leakage", files.LEAKAGE_COLUMNS, rows, at=now)


def _leaked(state: State, now: datetime) -> tuple[Sequence[report.Sums], Sequence[report.Delay]]:
    since = now - timedelta(days=int(state.one("since")))
    entity = state.one("entity")
    return report.sums(since=since, entity=entity), report.delays(since=since, entity=entity)


def _chosen(user: User, state: State) -> QuerySet[ServiceCredit]:
    """What the person may see of what the filters leave."""
    return select(
        seen_by(user), words=state.one("q"), group=state.one("state"), entity=state.one("entity"),
        kind=state.one("type"),
    )  # fmt: skip


def seen(user: User, id: int) -> ServiceCredit:
    """A request that the person may see. Raises Http404."""
    credit = seen_by(user).filter(pk=id).first()
    if credit is None:
        raise Http404(f"There is no CR-{id}.")
    return credit


def page_of(request: HttpRequest, credit: ServiceCredit, *, problem: str = "") -> HttpResponse:
    """The page of one request, with why something could not be done."""
    assert isinstance(request.user, User)
    mine = credit.asked_by_id == request.user.pk
    approval = ApprovalRequest.objects.filter(pk=credit.approval_id or 0).first()
    reversal = ApprovalRequest.objects.filter(pk=credit.reversal_id or 0).first()
    context: dict[str, Any] = {
        "credit": credit,
        "word": word_of(credit),
        "progress": progress([credit])[credit.pk],
        "moments": credit.moments.all()[:_MOMENTS],
        "amount": Money(credit.amount, credit.currency) if credit.amount is not None else None,
        "tax": Money(credit.expected_tax, credit.currency) if credit.currency else None,
        "total": _total(credit),
        "type_words": life.TYPES[credit.credit_type],
        "reason_words": life.REASONS[credit.reason_code],
        "preview": _preview(credit),
        "approval": approval if may(request.user, "approvals.view") else None,
        "sent_back": credit.state == life.DRAFT and credit.approval_id is not None,
        "may_edit": credit.state == life.DRAFT
        and (mine or credit.asked_by_id is None)
        and may(request.user, "credits.request"),
        "may_withdraw": mine and approval is not None
        and credit.state in (life.WAITING, life.DRAFT),
        "may_reverse": may(request.user, "credits.request")
        and credit.state == life.ISSUED
        and (not credit.reversing or (reversal is not None and reversal.state == "sent_back")),
        "hindrance": hindrance(credit) if credit.state == life.ISSUED else "",
        "reversal": reversal if may(request.user, "approvals.view") else None,
        "may_thread": may(request.user, "lineage.view"),
        "may_cases": may(request.user, "cases.view"),
        "problem": problem,
        "live": credit.state in (life.APPROVED, life.ISSUING)
        or (credit.state == life.ISSUED and (credit.posted_at is None or credit.reversing != "")),
    }  # fmt: skip
    return render_page(
        request, "credits/credit.html", context, fragments={"live": "live"},
        status=422 if problem else 200,
    )  # fmt: skip


def _total(credit: ServiceCredit) -> Money | None:
    if credit.memo is not None:
        return Money(credit.memo.total, credit.currency)
    if credit.amount is None or not credit.currency:
        return None
    return Money(credit.amount + credit.expected_tax, credit.currency)


def _preview(credit: ServiceCredit) -> Preview | None:
    """What will post, while it has not."""
    waits = credit.state in (life.WAITING, life.APPROVED, life.ISSUING)
    if not waits or credit.invoice is None or credit.amount is None or credit.entitled_on is None:
        return None
    now = clock.now()
    zone = credit.legal_entity.zone if credit.legal_entity else "UTC"
    return preview(
        invoice=credit.invoice, lines=billed(credit.invoice), number=credit.number,
        credit_type=credit.credit_type, amount=credit.amount, entitled_on=credit.entitled_on,
        today=local_date(now, zone), at=now,
    )  # fmt: skip


def _road(found: report.Sums) -> tuple[list[Point], Words]:
    points = [Point(word, amount.minor, str(amount), tone) for word, amount, tone in found.parts]
    sentence = (
        f"Of {found.promised} asked for, {found.approved} was approved and {found.issued} issued. "
        f"{found.unapplied} of that waits in customers’ balances."
    )
    return points, Words(f"road-{found.currency}", sentence, "Stage", "Before tax")


def _slowest(taken: Sequence[report.Delay]) -> str:
    known = [one for one in taken if one.number]
    if not known:
        return "No request has passed a stage yet."
    slow = max(known, key=lambda one: one.middle)
    return f"{slow.title} takes longest: half take longer than {_lasted(slow.middle)}."


def _lasted(seconds: int) -> str:
    return span_text(timedelta(seconds=seconds))

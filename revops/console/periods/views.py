"""The calendar of each legal entity, one period, and opening it again (the close signs it off)."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import may
from accounts.roles import who_may
from approvals.operations import ApprovalRefused
from approvals.queries.rules import asks_nobody
from exceptions.models import Case, CaseState
from exceptions.queries.readiness import unreviewed_emergencies
from revops.console.ledger.tabs import tabs_of
from revops.console.periods import reading
from revops.kernel import clock
from revops.mappings.models import AccountingPeriod, LegalEntity, PeriodState
from revops.pipeline.period_end import periods
from revops.web.filters import Filters, Key
from revops.web.htmx import render_page
from revops.web.policy import screen

_LIST: Final = Filters(Key("year", chip=False))


@screen("books.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """Each entity's periods of a year, and what is still open from before."""
    state = _LIST.read(request.GET)
    held = reading.years()
    year = _year(state.one("year"), held)
    entities = LegalEntity.objects.order_by("name")
    if state.one("entity"):
        entities = entities.filter(code=state.one("entity"))
    context = {
        "calendars": reading.calendar_of(list(entities), year) if held else [],
        "year": year,
        "years": [
            (one, state.changed({"year": str(one)}).address(request.path), one == year)
            for one in held
        ],
        "state": state,
        "tabs": tabs_of("console:periods", state),
    }
    return render_page(request, "ledger/periods.html", context)


@screen("books.view")
@require_GET
def one(request: HttpRequest, id: int) -> HttpResponse:
    return _page(request, id)


@screen("periods.reopen")
@require_POST
def reopen(request: HttpRequest, id: int) -> HttpResponse:
    """Let entries in again, and send through what waited for it; or ask for it, by the policy."""
    assert isinstance(request.user, User)
    if request.POST.get("confirm") != "yes":
        return _page(request, id, problem="Confirm that its books may change.", status=422)
    try:
        if request.POST.get("reason"):
            asked = periods.ask_to_open(
                period_id=id, by=request.user, reason=request.POST["reason"]
            )
            return HttpResponseRedirect(reverse("approvals:approval", args=[asked.pk]))
        again = periods.open_period(period_id=id, by=request.user)
    except AccountingPeriod.DoesNotExist as error:
        raise Http404(_NONE) from error
    except (periods.PeriodRefused, ApprovalRefused) as error:
        return _page(request, id, problem=str(error), status=422)
    waited = f" {again:,} that waited for it go on." if again else ""
    messages.success(request, f"It is open again.{waited}")
    return HttpResponseRedirect(reverse("console:period", args=[id]))


_NONE: Final = "There is no such period."


def _page(request: HttpRequest, id: int, *, problem: str = "", status: int = 200) -> HttpResponse:
    period = AccountingPeriod.objects.select_related("legal_entity").filter(pk=id).first()
    if period is None:
        raise Http404(_NONE)
    made = reading.made_in(period)
    runs = reading.runs_of(period, made)
    closed = period.state == PeriodState.CLOSED
    asks = not asks_nobody(
        subject=periods.REOPENING, entity=period.legal_entity.code, at=clock.now()
    )
    action = "periods.reopen" if asks else "periods.open"
    cases = Case.objects.exclude(state=CaseState.RESOLVED).filter(
        legal_entity=period.legal_entity_id, period_code=period.code
    )
    count = cases.count() if may(request.user, "cases.view") else 0
    entity = period.legal_entity
    context: dict[str, Any] = {
        "period": period,
        "entity": entity,
        "closed": closed,
        "asks": asks,
        "made": made,
        "runs": runs,
        "has_run": any(one.run for one in runs),
        "turns": reading.turns_of(period),
        "why_not": reading.why_not(period),
        "may_act": may(request.user, action),
        "who_acts": who_may(action),
        "cases": count,
        "unreviewed": unreviewed_emergencies(at=clock.now(), entity=entity.code, zone=entity.zone),
        "verdict": _verdict(period, runs, count),
        "scope": f"?entity={entity.code}&period={period.code}",
        "problem": problem,
    }
    return render_page(request, "ledger/period.html", context, status=status)


def _verdict(period: AccountingPeriod, runs: list[reading.Ran], cases: int) -> dict[str, str]:
    """Is it closed, and if not, what stands against closing it."""
    name = f"{period.code} of {period.legal_entity.name}"
    if period.state == PeriodState.CLOSED:
        return {
            "tone": "ok", "icon": "tick", "sentence": f"{name} is closed: its books stand.",
            "sub": "What belongs into it and comes late becomes a case, or follows the policy.",
        }  # fmt: skip
    if period.state == PeriodState.SOFT_CLOSED:
        return {
            "tone": "wait", "icon": "bars",
            "sentence": f"{name} is closed softly: its preparer has signed.",
            "sub": "Nothing is posted into it. A reviewer closes it, or somebody opens it again.",
        }  # fmt: skip
    failed = [one.label for one in runs if one.status == "failed"]
    if failed:
        return {
            "tone": "crit", "icon": "diamond",
            "sentence": f"{name} is open, and {len(failed)} of its runs failed.",
            "sub": f"{', '.join(failed)}. Each of them is a case.",
        }  # fmt: skip
    if reason := reading.why_not(period):
        return {"tone": "info", "icon": "ring", "sentence": f"{name} is open.", "sub": reason}
    if cases:
        held = f"{cases:,} open case{'' if cases == 1 else 's'}"
        return {
            "tone": "warn", "icon": "triangle", "sentence": f"{name} has ended and is still open.",
            "sub": f"{held} of this period: settle them before it is closed.",
        }  # fmt: skip
    return {
        "tone": "info", "icon": "ring", "sentence": f"{name} has ended and can be closed.",
        "sub": "" if any(one.run for one in runs) else "Its runs have not been made yet.",
    }  # fmt: skip


def _year(text: str, held: list[int]) -> int:
    """The asked year, or this one, or the nearest that there are periods of."""
    if text.isascii() and text.isdigit() and int(text) in held:
        return int(text)
    today: date = clock.now().date()
    return min(held, key=lambda one: abs(one - today.year)) if held else today.year

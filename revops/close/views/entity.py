"""Screen 17: the close of one legal entity. Its tests, its tasks, its names, its late events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.authority import Verdict as Right
from accounts.models import User
from accounts.queries import explain
from approvals.models import ApprovalRequest
from approvals.models import State as AskedState
from approvals.queries.rules import asks_nobody
from exceptions.queries.closes import closed_without_fix
from revops.close import testing
from revops.close.board import board, drawn
from revops.close.certificate.queries import latest
from revops.close.models.late import LateWay
from revops.close.models.signing import SignRole
from revops.close.models.tasks import TaskState
from revops.close.operations.late import proposed
from revops.close.operations.waiving import SUBJECT
from revops.close.queries.lateness import Late, events
from revops.close.queries.periods import Closing
from revops.close.readiness import Readiness
from revops.close.reasons import against
from revops.close.saying import of_entity
from revops.close.testing import Answer
from revops.kernel import clock
from revops.kernel.money import Money
from revops.mappings.models import ErpRoute
from revops.pipeline.period_end.periods import REOPENING
from revops.web.htmx import render_page
from revops.web.policy import screen


@dataclass(frozen=True, slots=True)
class Ways:
    """What may be chosen for late events, and what the policy proposes."""

    way: str
    label: str
    what: str
    policy: bool
    able: bool = True


@screen("close.view")
@require_GET
def one(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    return page(request, period, entity)


def page(
    request: HttpRequest, period: str, entity: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page, with what was refused on top."""
    assert isinstance(request.user, User)
    now = clock.now()
    held = board(period, entity=entity, at=now)
    if not held.found:
        raise Http404("There is no such period of a legal entity that you see.")
    found = held.found[0]
    names, closing = found.names, found.closing
    role = SignRole.REVIEWER if names.preparer else SignRole.PREPARER
    late = events(closing, at=now) if found.late else []
    context: dict[str, Any] = {
        "found": found, "closing": closing, "at": now, "problem": problem,
        "verdict": of_entity(found), "outlook": held.outlooks[0], "owners": held.owners,
        "burn": drawn(found, held), "answers": _ranked(found), "role": role,
        "unused": [one for one in found.answers if one.state == testing.UNUSED],
        "reasons": against(found, role), "sign_right": _right(request.user, found, role),
        "task_rights": {
            "prepare": explain(request.user, "close.prepare", entities=[closing.entity]).allowed,
            "sign": explain(request.user, "close.sign", entities=[closing.entity]).allowed,
        },
        "states": TaskState, "erps": _erps(closing), "late": late,
        "ways": _ways(found, late), "waivable": _waivable(found), "asked": _asked(found),
        "late_right": explain(request.user, "periods.reopen", entities=[closing.entity]),
        "asks": not asks_nobody(subject=REOPENING, entity=closing.entity, at=now),
        "own": held,
        "given_up": closed_without_fix(entity=closing.entity, period=closing.code),
        "sealed": latest(closing.entity_id, closing.code),
    }  # fmt: skip
    return render_page(request, "close/entity.html", context, status=status)


def _right(user: User, found: Readiness, role: str) -> Right:
    code = found.closing.entity
    if role == SignRole.PREPARER:
        return explain(user, "close.prepare", entities=[code])
    preparer = found.names.preparer
    makers = [preparer.by_id] if preparer else []
    return explain(user, "close.sign", entities=[code], makers=makers)


def _ranked(found: Readiness) -> Sequence[Answer]:
    """Tests that are used, those that are not true first, the worst of them before."""
    order = {testing.BLOCKS: 0, testing.RISKS: 1, testing.WAITS: 2}
    return sorted(found.used, key=lambda one: order.get(one.state, 3))


def _waivable(found: Readiness) -> list[Answer]:
    return [one for one in found.stops if one.test.waivable]


def _asked(found: Readiness) -> Sequence[ApprovalRequest]:
    """Waivers and a reopening that wait for a decision."""
    closing = found.closing
    rows = ApprovalRequest.objects.filter(state=AskedState.WAITING, entity=closing.entity)
    waivers = rows.filter(
        subject=SUBJECT, subject_id__startswith=f"{closing.entity}/{closing.code}/"
    )
    return [*waivers, *rows.filter(subject=REOPENING, subject_id=str(closing.period_id))]


def _erps(closing: Closing) -> list[str]:
    today = clock.local_date(clock.now(), closing.zone)
    rows = ErpRoute.objects.filter(legal_entity=closing.entity_id, valid__contains=today)
    return sorted(set(rows.values_list("connection__label", flat=True)))


def _ways(found: Readiness, late: Sequence[Late]) -> list[Ways]:
    """The choices for late events, with what follows from each."""
    if not late:
        return []
    closing = found.closing
    amounts = [one.amount for one in late if one.amount is not None]
    largest: Money | None = max(amounts, key=lambda one: abs(one.minor), default=None)
    policy = proposed(closing, largest)
    return [
        Ways(
            LateWay.INCLUDE, f"Include in {closing.code} and sign again",
            "Nothing is locked yet. Both names are given anew.",
            policy == LateWay.INCLUDE, able=closing.soft,
        ),
        Ways(
            LateWay.NEXT_OPEN, "Date into the next open period",
            "Each keeps its own day. Somebody else agrees, on the page of the cause.",
            policy == LateWay.NEXT_OPEN,
        ),
        Ways(
            LateWay.ACCRUE, f"Accrue in {closing.code}, book in the next open period",
            "What each earns there is accrued and taken back. Somebody else agrees.",
            policy == LateWay.ACCRUE, able=closing.soft,
        ),
        Ways(
            LateWay.REOPEN, f"Ask to reopen {closing.code}",
            "Others decide. Its names are suspended then.", policy == LateWay.REOPEN,
            able=closing.closed,
        ),
    ]  # fmt: skip


def address(period: str, entity: str) -> str:
    return reverse("close:entity", args=[period, entity])

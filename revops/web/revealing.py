"""
Showing for a minute what is masked, to one session, on one page, to somebody who says why.

A page that can show more declares ``@revealable(action)``; its template includes
``web/_reveal.html``. Asking for it is an act in the audit trail, with the reason and with how many
such acts the person has done in the last hour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Final, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from accounts.models import User
from accounts.policy import P, View
from accounts.queries import actor_of, authorize, may
from revops.audit.models import Event
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.kernel.sight import looking, looking_as, revealed
from revops.web.htmx import ConsoleRequest, refuse

SHOWN_FOR: Final = timedelta(seconds=60)
ACTIONS: Final = ("payload.reveal", "people.reveal")
_WINDOW: Final = timedelta(hours=1)
_SHORTEST: Final = 10
_KEY: Final = "revealed"


class ReasonMissing(ValueError):
    """The reason says nothing; the message says what is wanted."""


@dataclass(frozen=True, slots=True)
class Reveal:
    """For a template: until when the page is shown unmasked, or whether it may be asked for."""

    until: datetime | None
    may: bool
    address: str


@recorded
def reveal(
    *, by: User, action: str, kind: str, reference: str, label: str = "", entity: str = "",
    reason: str,
) -> datetime:  # fmt: skip
    """
    Until when ``by`` may see an object unmasked; ``action`` is who may (``accounts.roles``).

    Raises NotAllowed, and ReasonMissing.
    """
    by = authorize(by, action)
    why = " ".join(reason.split())
    if len(why) < _SHORTEST:
        raise ReasonMissing("Say why you need it, in a sentence: the auditor reads it.")
    actor, now = actor_of(by), clock.now()
    before = Event.objects.filter(actor=actor.key, action__in=ACTIONS, ts__gte=now - _WINDOW)
    until = now + SHOWN_FOR
    with transaction.atomic():
        record(
            action, by=actor, kind=kind, reference=reference, label=label, entity=entity,
            reason=why,
            after={"until": until.isoformat(timespec="seconds"), "this_hour": before.count() + 1},
        )  # fmt: skip
    return until


class RevealableRequest(ConsoleRequest):
    """A request as views behind ``@revealable`` get it; for annotations."""

    reveal: Reveal


def open_page(request: HttpRequest, page: str, until: datetime) -> None:
    """This session sees ``page`` unmasked; another page that it saw so is masked again."""
    request.session[_KEY] = {page: until.timestamp()}


def open_until(request: HttpRequest, page: str, action: str) -> datetime | None:
    """Until when the person may read a page unmasked; None when they may not, or no longer."""
    held = request.session.get(_KEY, {}).get(page)
    until = datetime.fromtimestamp(held, tz=UTC) if isinstance(held, float) else None
    return until if until and until > clock.now() and may(request.user, action) else None


def revealable(action: str) -> Callable[[View[P]], View[P]]:
    """The page is shown unmasked while it is revealed. ``request.reveal`` is for its template."""

    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        def seen(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            until = open_until(request, request.path, action)
            cast(RevealableRequest, request).reveal = Reveal(
                until, may(request.user, action), f"{request.path}reveal"
            )
            if until is None:
                return view(request, *args, **kwargs)
            with looking_as(revealed(looking())):
                return view(request, *args, **kwargs)

        return seen

    return declare


def answer(
    request: HttpRequest, page: str, *, action: str, kind: str, reference: str, label: str = "",
    entity: str = "",
) -> HttpResponse:  # fmt: skip
    """What the address behind the form answers: back to the page, unmasked; or why not."""
    try:
        until = reveal(
            by=cast(ConsoleRequest, request).user, action=action, kind=kind,
            reference=reference, label=label, entity=entity,
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except ReasonMissing as refusal:
        return refuse(request, refusal, status=422, title="A reason is needed")
    open_page(request, page, until)
    return HttpResponseRedirect(f"{page}#reveal-title")

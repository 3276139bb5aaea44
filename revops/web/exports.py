"""
Files that take many rows out of the console at once.

Whoever is about to leave takes everything along: so a file has a limit of rows, each is an act in
the audit trail with what it was asked for, and nobody gets more than some an hour. A file is asked
for by POST, because it leaves a trace.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Final, cast

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_POST

from accounts.policy import P, View
from accounts.queries import actor_of
from revops.audit.models import Event
from revops.audit.operations import record
from revops.kernel import clock
from revops.web.htmx import ConsoleRequest, refuse

log = structlog.get_logger(__name__)

MOST_ROWS: Final = 5_000
MOST_AN_HOUR: Final = 20
ACTION: Final = "export"
REFUSED: Final = "export.refused"
_WINDOW: Final = timedelta(hours=1)


def file_of(what: str) -> Callable[[View[P]], View[P]]:
    """
    The view gives a file of at most MOST_ROWS rows of ``what`` (“cases”), by POST. It stands under
    ``screen``, which says who may. Too many in an hour are answered with 429, and that is an act,
    too.
    """

    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        @require_POST
        def counted(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            by = actor_of(cast(ConsoleRequest, request).user)
            since = clock.now() - _WINDOW
            taken = Event.objects.filter(actor=by.key, action=ACTION, ts__gte=since).count()
            allowed = taken < MOST_AN_HOUR
            after = {"asked_for": request.GET.urlencode(), "this_hour": taken + allowed}
            with transaction.atomic():
                record(
                    ACTION if allowed else REFUSED, by=by, kind="file", reference=what, after=after
                )
            if allowed:
                return view(request, *args, **kwargs)
            log.warning("export.too_many", by=by.key, what=what, taken=taken)
            answer = refuse(
                request,
                f"You have taken {MOST_AN_HOUR} files in the last hour, which is the limit. "
                "The auditor sees that you asked for more.",
                status=429, title="Too many files",
            )  # fmt: skip
            answer.headers["Retry-After"] = str(int(_WINDOW.total_seconds()))
            return answer

        return counted

    return declare

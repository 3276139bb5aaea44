"""Where a cause is mended that takes no form beside it: a system, the customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.urls import reverse

from accounts.models import User
from connectors.models import Connection
from exceptions import fixes
from exceptions.fixes import Done, Earlier, FixRefused, Panel, Seen
from exceptions.models import UNRESOLVED, Case

_OF_A_SYSTEM: Final = {
    "target_down": "See why {label} is not reached: credentials, limits, the next trial",
    "target_throttled": "Set our limit on the page of {label}",
    "target_setup": "Test what {label} takes, once it is set up there",
    "webhooks_missing": "See how {label} tells us, and poll it",
    "renewal_failed": "See when {label} was last asked, and poll it",
}


def declare() -> None:
    """Called once when the app is ready."""
    for kind in ("customer_unmatched", *_OF_A_SYSTEM):
        fixes.declare(kind, Place(kind))


class Place:
    """Implements ``exceptions.fixes.Fixer`` with a way to where it is mended, and no form."""

    action = "cases.retry"
    single = ""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def panel(
        self, cause_key: str, typed: Mapping[str, str], *, user: User, at: datetime
    ) -> Panel | None:
        case = (
            Case.objects.filter(UNRESOLVED, cause_key=cause_key)
            .select_related("legal_entity", "command")
            .defer("command__payload")
            .order_by("opened_at", "pk")
            .first()
        )
        found = None if case is None else self._where(case)
        return None if found is None else Panel("", (), elsewhere=found)

    def look(
        self, cause_key: str, typed: Mapping[str, str], *, user: User, at: datetime
    ) -> Seen | None:
        return None

    def apply(
        self, cause_key: str, typed: Mapping[str, str], *, reason: str, user: User, at: datetime
    ) -> Done:
        raise FixRefused("This is mended on a page of its own.")

    def earlier(self, cause_key: str, *, at: datetime) -> Sequence[Earlier]:
        return ()

    def _where(self, case: Case) -> tuple[str, str] | None:
        if self._kind == "customer_unmatched":
            return "Look for the customer among those that may be one", reverse(
                "console:duplicates"
            )
        words = _OF_A_SYSTEM[self._kind]
        held = Connection.objects.filter(slug=case.connection_slug).first()
        if held is None:
            return None
        return words.format(label=held.label), reverse("connections:connection", args=[held.slug])

"""Where a cause is mended that takes no form beside it: on the page of a system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.urls import reverse

from accounts.models import User
from connectors import registry
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
    "record_missing": "See when {label} was last asked, and poll it",
}

_CUSTOMER: Final = "customer.upsert"


def declare() -> None:
    """Called once when the app is ready."""
    for kind in _OF_A_SYSTEM:
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
        if found is None or case is None:
            return None
        after = _made_there(case) if self._kind == "target_setup" else ""
        return Panel("", (), elsewhere=found, after=after)

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
        words = _OF_A_SYSTEM[self._kind]
        held = Connection.objects.filter(slug=case.connection_slug).first()
        if held is None:
            return None
        return words.format(label=held.label), reverse("connections:connection", args=[held.slug])


def _made_there(case: Case) -> str:
    """What of the missing records the system's connector makes, and what a person adds there."""
    held = Connection.objects.filter(slug=case.connection_slug).first()
    if held is None:
        return ""
    makes = registry.manifest(held.connector).accepts
    alone = "" if _CUSTOMER in makes else " and customers"
    made = "Customers are made there with each posting. " if _CUSTOMER in makes else ""
    return (
        f"{made}Its connector makes no accounts, journals or periods{alone}: add what the answer "
        "names there, with the same code, and retry."
    )

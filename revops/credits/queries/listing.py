"""Requests as a person may see them: support its own, others all of their legal entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.queries import may, roles_of
from accounts.roles import Role
from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.queries.progress import Progress, progress

# What the filter offers → the states that it means.
GROUPS: Final = {
    "open": (life.DRAFT, life.WAITING, life.APPROVED, life.ISSUING),
    "waiting": (life.WAITING,),
    "issuing": (life.APPROVED, life.ISSUING),
    "issued": (life.ISSUED,),
    "ended": (life.REJECTED, life.WITHDRAWN, life.EXPIRED, life.REVERSED),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A request in a list, and how far it is."""

    credit: ServiceCredit
    progress: Progress


def seen_by(user: User) -> QuerySet[ServiceCredit]:
    """Support sees what it asked for itself and what rules raised for it to send."""
    rows = ServiceCredit.objects.select_related(
        "asked_by", "rule", "customer__party", "invoice", "legal_entity", "support_case", "record",
        "memo", "connection",
    )  # fmt: skip
    if only_own(user):
        return rows.filter(Q(asked_by=user) | Q(asked_by=None, state=life.DRAFT))
    if not may(user, "credits.view"):
        return rows.none()
    return rows.filter(
        ~Q(state=life.DRAFT) | Q(asked_by=user) | Q(asked_by=None) | Q(approval_id__isnull=False)
    )


def only_own(user: User) -> bool:
    """Whether support is all that the person is."""
    return roles_of(user) <= {Role.SUPPORT}


def select(
    rows: QuerySet[ServiceCredit], *, words: str = "", group: str = "", entity: str = "",
    kind: str = "",
) -> QuerySet[ServiceCredit]:  # fmt: skip
    """What a list's filters leave."""
    if group:
        rows = rows.filter(state__in=GROUPS[group])
    if entity:
        rows = rows.filter(legal_entity__code=entity)
    if kind:
        rows = rows.filter(credit_type=kind)
    text = words.strip()
    if text:
        meant = (
            Q(customer__party__name__icontains=text)
            | Q(invoice__number__icontains=text)
            | Q(ticket__iexact=text)
        )
        number = text.upper().removeprefix("CR-")
        if number.isascii() and number.isdigit() and len(number) < 19:
            meant |= Q(pk=int(number))
        rows = rows.filter(meant)
    return rows


def listed(credits: Sequence[ServiceCredit]) -> list[Listed]:
    """Five queries for any number of requests."""
    stands = progress(credits)
    return [Listed(one, stands[one.pk]) for one in credits]

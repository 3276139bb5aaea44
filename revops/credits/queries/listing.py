"""Requests as a person may see them: support its own, others all of their legal entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Case, F, Q, QuerySet, When

from accounts.models import User
from accounts.queries import may, roles_of
from accounts.roles import Role
from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.queries.progress import Progress, progress

_USED: Final = Case(
    When(memo__settles="balance", then=F("memo__applied")), default=F("memo__total")
)
# What the filter offers → the states that it means.
GROUPS: Final = {
    "open": (life.DRAFT, life.WAITING, life.APPROVED, life.ISSUING),
    "waiting": (life.WAITING,),
    "issuing": (life.APPROVED, life.ISSUING),
    "issued": (life.ISSUED,),
    "unapplied": (life.ISSUED,),
    "partly": (life.ISSUED,),
    "applied": (life.ISSUED,),
    "ended": (life.REJECTED, life.WITHDRAWN, life.EXPIRED, life.REVERSED),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A request in a list, and how far it is."""

    credit: ServiceCredit
    progress: Progress

    @property
    def stage(self) -> str:
        """Where it stands: the stage that it is at, or how much of it was used."""
        now = self.progress.now
        return word_of(self.credit) if now.state == "done" else now.title


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
    if group in ("unapplied", "partly", "applied"):
        rows = rows.alias(used=_USED)
        left = {"unapplied": Q(used=0), "applied": Q(used__gte=F("memo__total"))}
        rows = rows.filter(left.get(group, Q(used__gt=0, used__lt=F("memo__total"))))
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


def word_of(credit: ServiceCredit) -> str:
    """The state as a person means it: an issued one also says how much of it was used."""
    memo = credit.memo
    if credit.state != life.ISSUED or memo is None:
        return life.STATES[credit.state]
    if credit.reversing:
        return "Issued, being taken back"
    if memo.settles != "balance" or memo.applied >= memo.total:
        return "Applied"
    return "Partly applied" if memo.applied else "Issued, not applied"


def listed(credits: Sequence[ServiceCredit]) -> list[Listed]:
    """Five queries for any number of requests."""
    stands = progress(credits)
    return [Listed(one, stands[one.pk]) for one in credits]

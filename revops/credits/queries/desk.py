"""What support's home shows: requests sent back, its own requests, cases that nobody asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from revops.canonical.models import SupportCase
from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.policy import SLA, Assessment, assess
from revops.credits.queries import finder
from revops.credits.queries.listing import Listed, listed, seen_by
from revops.credits.queries.situation import situation
from revops.kernel.clock import local_date


@dataclass(frozen=True, slots=True)
class Due:
    """
    A case that broke a promise and for which nobody has sent a request. ``credit`` is the draft
    that a rule raised for it.
    """

    case: SupportCase
    customer: str
    currency: str
    assessment: Assessment | None
    credit: ServiceCredit | None


@dataclass(frozen=True, slots=True)
class Home:
    """``total`` counts every request of the person; ``mine`` holds the newest of them."""

    sent_back: Sequence[Listed]
    mine: Sequence[Listed]
    total: int
    due: Sequence[Due]


def home(user: User, *, at: datetime, most: int = 8) -> Home:
    own = seen_by(user).filter(asked_by=user).order_by("-pk")
    rows = listed(list(own[:most]))
    back = listed(list(own.filter(state=life.DRAFT, approval_id__isnull=False)[:most]))
    return Home(back, rows, own.count(), [_due(case, at) for case in finder.past_sla()])


def _due(case: SupportCase, at: datetime) -> Due:
    credit = (
        ServiceCredit.objects.filter(support_case=case, state=life.DRAFT).order_by("-pk").first()
    )
    found = finder.of_case(case)
    if found.invoice is None or found.customer is None:
        return Due(case, found.party.name if found.party else "", "", None, credit)
    entity = found.invoice.legal_entity
    facts = situation(
        customer=found.customer, invoice=found.invoice, case=case, ticket=case.source_id,
        today=local_date(at, entity.zone) if entity else at.date(),
        besides=credit.pk if credit else None,
    )  # fmt: skip
    name = found.party.name if found.party else ""
    return Due(case, name, found.invoice.currency, assess(facts, SLA), credit)

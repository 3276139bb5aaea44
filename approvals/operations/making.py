"""What asking and editing have in common: content, digest, tier, ladder, makers, news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.queries import actor_of
from approvals import news, subjects
from approvals.models import ApprovalRequest, Maker, Step
from approvals.policies import after_working_days
from approvals.queries.rights import makers_below
from approvals.queries.rules import Asked, trial
from approvals.queries.standing import standings
from approvals.subjects import Content, Stand, Subject, stand_of
from revops.kernel import strict_json
from revops.kernel.actor import Actor, acting, system
from revops.kernel.keys import sha256
from revops.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Packed:
    """Content as it is kept: canonical text, its digest, and what a reader will get from it."""

    text: str
    digest: str
    content: Content

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Packed:
        """Raises TypeError or ValueError for what JSON cannot hold."""
        text = strict_json.dumps(dict(content))
        return cls(text, sha256(text), strict_json.loads(text))


def content_of(request: ApprovalRequest) -> Content:
    """The present content, parsed."""
    found: Content = strict_json.loads(request.content)
    return found


def actor(person: User | None, rule: str = "") -> Actor:
    """Who did it: the person, or the rule that raised it."""
    if person is not None:
        return actor_of(person)
    return acting().actor or system("approvals", rule or "Approval rules")


def asked(
    subject: Subject,
    packed: Packed,
    *,
    entity: str,
    amount: Money | None,
    customer: int | None,
    reason_code: str,
    by: int | None,
    at: datetime,
    besides: int | None = None,
) -> Asked:
    """How the engine would have it decided."""
    return trial(
        subject=subject.slug,
        entity=entity,
        amount=amount,
        customer=customer,
        reason_code=reason_code,
        by=by,
        makers=stand_of(subject, packed.content).people,
        lift=subject.lift(packed.content),
        at=at,
        besides=besides,
    )


def place(request: ApprovalRequest, found: Asked, at: datetime) -> None:
    """Freeze policy, tier, rate and times into the request; it is not saved yet."""
    valued, tier = found.valued, found.placed.tier
    request.policy_id = found.policy.id
    request.tier = tier.number
    request.tier_why = found.placed.why[:200]
    request.reauthenticate = tier.reauthenticate or tier.number >= 3
    request.functional = valued.functional.minor if valued.functional else None
    request.functional_currency = valued.currency
    request.cumulative = valued.others
    request.rate, request.rate_day, request.rated = valued.rate, valued.rate_day, valued.rated
    request.versioned_at = at
    request.expires_at = after_working_days(at, found.policy.expires_days, valued.zone)
    request.position = 1
    request.escalated_at = None
    request.due_at = after_working_days(at, tier.due_days, valued.zone) if tier.steps else None


def build(request: ApprovalRequest, found: Asked) -> None:
    """The steps of the request's present version."""
    tier = found.placed.tier
    Step.objects.bulk_create(
        Step(
            request=request,
            version=request.version,
            position=position,
            roles=roles,
            escalate_to=tier.escalate_to,
            due_days=tier.due_days,
        )
        for position, roles in enumerate(tier.steps, 1)
    )


def note_makers(
    request: ApprovalRequest, subject: Subject, content: Content, asker: User | None, why: str
) -> None:
    """Who asked or edited, whom the subject names, and the makers of what it stands on."""
    found: dict[int, str] = {asker.pk: why} if asker is not None else {}
    stand: Stand = stand_of(subject, content)
    for user, reason in stand.people.items():
        found.setdefault(user, reason)
    if stand.requests:
        for number, user in makers_below(stand.requests):
            found.setdefault(user, f"made APR-{number}, which this stands on")
    Maker.objects.bulk_create(
        [Maker(request=request, user_id=user, why=reason[:200]) for user, reason in found.items()],
        ignore_conflicts=True,
    )


def address(request: ApprovalRequest) -> str:
    """The request's page."""
    return f"/approvals/{request}/"


def tell_deciders(request: ApprovalRequest, kind: str, at: datetime) -> None:
    """Everybody who may decide the step that waits."""
    asker = request.requested_by
    probe = asker if asker is not None else User()
    able = standings(probe, [request], at=at)[request.pk].able
    who = asker.name if asker is not None else request.rule
    late = "is waiting longer than it should" if kind == "escalated" else "is waiting for you"
    news.tell(
        news.News(
            kind=kind,
            recipients=sorted({one.user for one in able}),
            title=f"{request}: {request.title}",
            text=f"{request.title} {late}. Asked by {who}.",
            link=address(request),
            entity=request.entity,
            key=f"approvals:{request.pk}:{request.version}:{request.position}:{kind}",
        )
    )


def tell_asker(request: ApprovalRequest, kind: str, text: str) -> None:
    """Whoever asked, and whoever edited since."""
    people = set(
        Maker.objects.filter(request=request, why__in=ASKED).values_list("user", flat=True)
    )
    news.tell(
        news.News(
            kind=kind,
            recipients=sorted(people),
            title=f"{request}: {request.title}",
            text=text,
            link=address(request),
            entity=request.entity,
            key=f"approvals:{request.pk}:{request.version}:{request.position}:{kind}",
        )
    )


def tell_deciders_of_end(request: ApprovalRequest, kind: str) -> None:
    """Whoever decided a step of it already."""
    people = set(request.decisions.values_list("decided_by", flat=True))
    news.tell(
        news.News(
            kind=kind,
            recipients=sorted(people),
            title=f"{request}: {request.title}",
            text=request.outcome,
            link=address(request),
            entity=request.entity,
            key=f"approvals:{request.pk}:{request.version}:{kind}",
        )
    )


ASKED_FOR_IT = "asked for it"
EDITED_IT = "edited it"
ASKED = (ASKED_FOR_IT, EDITED_IT)


def subject_of(request: ApprovalRequest) -> Subject:
    """Raises SubjectUnknown."""
    return subjects.get(request.subject)

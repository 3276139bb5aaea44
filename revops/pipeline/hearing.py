"""
What others declare, told to people: approvals say it (``approvals.news``), and what says nothing by
itself (break-glass, a request that ends soon) is looked for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from accounts import news as accounts
from accounts.models import Assignment, BreakGlass
from accounts.roles import Role, rule_of
from approvals.models import ApprovalRequest
from approvals.news import News
from revops.kernel import clock
from revops.notices.models import Notice
from revops.notices.operations import tell

# How long before its end an open request is told of.
SOON: Final = timedelta(days=1)
_MOST: Final = 200
# What approvals call it → the kind of notice.
_KINDS: Final = {
    "asked": "approval_asked",
    "escalated": "approval_late",
    "decided": "approval_answered",
    "sent_back": "approval_answered",
    "expired": "approval_answered",
    "withdrawn": "approval_changed",
    "handed": "approval_changed",
}


def hear(news: News) -> None:
    """What approvals tell (``approvals.news``), in their transaction."""
    tell(
        recipients=news.recipients, kind=_KINDS.get(news.kind, "approval_changed"),
        title=news.title, text=news.text, link=news.link, entity=news.entity, key=news.key,
    )  # fmt: skip


def hear_of_emergency(news: accounts.News) -> None:
    """What the emergency account tells (``accounts.news``): at once, whoever watches."""
    now, who = clock.now(), news.glass.asked_by.name
    title = f"{who} was opened" if news.opened else f"Somebody tried to sign in: {who}"
    looking = holders(rule_of("break_glass.review").roles, at=now)
    watching = holders(frozenset({Role.AUDITOR}), at=now) - looking
    _tell(looking - {news.glass.asked_by_id}, title, news.text, "/break-glass/", news.key)
    _tell(watching, title, news.text, "/audit/", news.key)


def look_at_what_ends() -> None:
    """Whoever asked is told a day before their request ends without an answer."""
    now = clock.now()
    ending = ApprovalRequest.objects.filter(
        state__in=["waiting", "sent_back"], expires_at__gt=now, expires_at__lte=now + SOON
    ).order_by("expires_at")[:_MOST]
    keys = {_ending_key(request): request for request in ending}
    known = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True))
    for key, request in keys.items():
        if key not in known and request.requested_by_id is not None:
            tell(
                recipients=[request.requested_by_id], kind="approval_late",
                title=f"{request}: {request.title}",
                text="It ends tomorrow unless somebody decides. Remind them, or ask again.",
                link=f"/approvals/{request}/", entity=request.entity, key=key,
            )  # fmt: skip


def look_at_emergencies() -> None:
    """Break-glass concerns those who can grant it while it is asked for, and then who watch."""
    now = clock.now()
    recent = BreakGlass.objects.select_related("asked_by").filter(
        asked_at__gt=now - timedelta(days=1), refused_at__isnull=True, actions__len__gt=0
    )
    for glass in recent:
        stage = "asked" if glass.granted_at is None else "granted"
        key = f"break_glass:{glass.pk}:{stage}"
        if Notice.objects.filter(key=key).exists():
            continue
        who, text = glass.asked_by.name, f"{glass.reason} For {glass.minutes} minutes."
        if stage == "asked":
            able = holders(rule_of("break_glass.grant").roles, at=now) - {glass.asked_by_id}
            _tell(able, f"{who} asks for break-glass", text, "/break-glass/", key)
            continue
        admins = holders(frozenset({Role.ADMIN}), at=now)
        auditors = holders(frozenset({Role.AUDITOR}), at=now) - admins
        _tell(admins, f"{who} has break-glass", text, "/break-glass/", key)
        _tell(auditors, f"{who} has break-glass", text, "/audit/", key)


def holders(roles: frozenset[Role], *, at: datetime) -> set[int]:
    """Ids of active people who hold one of these roles for any entity."""
    held = Assignment.objects.filter(
        role__in=[role.value for role in roles], valid_from__lte=at, user__is_active=True
    )
    return {row.user_id for row in held if row.valid_to is None or row.valid_to > at}


def _ending_key(request: ApprovalRequest) -> str:
    return f"approvals:{request.pk}:{request.version}:ending"


def _tell(people: set[int], title: str, text: str, link: str, key: str) -> None:
    tell(recipients=people, kind="break_glass", title=title, text=text, link=link, key=key)

"""Whoever answers for a service token, and who can make another, is told before it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from accounts.models import ServiceToken
from accounts.roles import rule_of
from revops.kernel import clock
from revops.notices.models import Notice
from revops.notices.operations import tell
from revops.pipeline.hearing import holders

# Days before the end at which it is told, once each.
BEFORE: Final = (1, 7, 30)
_MOST: Final = 200


def look_at_tokens() -> int:
    """
    Tell of tokens that end within 30, 7 and 1 days; how many people were told. A token that was
    made for a shorter time than that is not told of at once.
    """
    now = clock.now()
    ending = ServiceToken.objects.select_related("owner").filter(
        revoked_at__isnull=True,
        expires_at__gt=now,
        expires_at__lte=now + timedelta(days=max(BEFORE)),
    )
    due = {}
    for token in ending.order_by("expires_at")[:_MOST]:
        left, lives = token.expires_at - now, token.expires_at - token.created_at
        days = next(number for number in BEFORE if left <= timedelta(days=number))
        if lives > timedelta(days=days):
            due[f"token_ends:{token.pk}:{days}"] = (token, days)
    known = set(
        Notice.objects.filter(key__in=[f"{key}:{who}" for key in due for who in _WHO])
        .values_list("key", flat=True)
    )  # fmt: skip
    told = 0
    admins = holders(rule_of("tokens.change").roles, at=now) if due else set()
    for key, (token, days) in due.items():
        owner = {token.owner_id} if token.owner_id is not None else set()
        title = f"{token.name} ends in {days} day{'' if days == 1 else 's'}"
        text = f"What uses the token {token.prefix}… stops then. Make another one before."
        for who, people, link in (
            ("owner", owner - admins, "/me/"),
            ("admins", admins, "/users/tokens/"),
        ):
            if f"{key}:{who}" not in known and people:
                told += tell(
                    recipients=people, kind="token_ends", title=title, text=text, link=link,
                    key=f"{key}:{who}",
                )  # fmt: skip
    return told


_WHO: Final = ("owner", "admins")

"""Service tokens: made, ended, used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from accounts import answering, tokens
from accounts.models import ServiceToken, User
from accounts.queries import authorize
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.kernel.actor import acting, system

LONGEST_DAYS: Final = 366
_NOTED_EVERY: Final = timedelta(minutes=1)


class TokenRefused(ValueError):
    """The token cannot be made or found; the message says why."""


def create_token(
    *,
    name: str,
    scopes: Collection[str],
    days: int = 90,
    owner: User | None = None,
    reason: str = "",
) -> tuple[ServiceToken, str]:
    """
    A new service token and its text, which is never shown again.

    ``owner`` is the person who answers for it: when they are deactivated, it stops working, and it
    reads nothing that they may not (``accounts.answering``).
    Raises TokenRefused.
    """
    name = name.strip()
    asked = {scope for scope in scopes if not tokens.is_entity(scope)}
    unknown = sorted(asked - tokens.SCOPES.keys())
    if not name:
        raise TokenRefused("A token needs a name that says what uses it.")
    if unknown or not asked:
        known = ", ".join(tokens.SCOPES)
        raise TokenRefused(
            f"Unknown scope: {', '.join(unknown)}. The scopes are: {known}."
            if unknown
            else f"A token needs at least one scope: {known}."
        )
    if not 1 <= days <= LONGEST_DAYS:
        raise TokenRefused(f"A token lives 1 to {LONGEST_DAYS} days.")
    if owner is not None and not owner.is_active:
        raise TokenRefused(f"{owner} is deactivated and cannot answer for a token.")
    if owner is not None and owner.sealed_at is not None:
        raise TokenRefused("The emergency account is nobody's, so it answers for no token.")
    if owner is not None:
        limited = tokens.entities_of(scopes)
        for scope in sorted(asked):
            if why := answering.against(owner, scope, limited):
                raise TokenRefused(f"{owner} cannot answer for {scope}: {owner} {why}.")
    prefix, text = tokens.new()
    with transaction.atomic():
        made = ServiceToken.objects.create(
            name=name,
            prefix=prefix,
            digest=tokens.digest(text),
            scopes=sorted(set(scopes)),
            owner=owner,
            expires_at=clock.now() + timedelta(days=days),
        )
        after = {
            "scopes": made.scopes,
            "expires_at": made.expires_at,
            "owner": f"user:{owner.pk}" if owner else None,
        }
        _record("tokens.create", made, after=after, reason=reason)
    return made, text


def revoke_token(prefix: str, *, reason: str = "") -> ServiceToken:
    """End a token at once; a revoked one stays in the list. Raises TokenRefused."""
    token = ServiceToken.objects.filter(prefix=prefix).first()
    if token is None:
        raise TokenRefused(f"There is no token “{prefix}”.")
    if token.revoked_at is None:
        with transaction.atomic():
            token.revoked_at = clock.now()
            token.save(update_fields=["revoked_at"])
            _record("tokens.revoke", token, after={"revoked": True}, reason=reason)
    return token


@recorded
@transaction.atomic
def make_token(
    *, by: User, name: str, scopes: Collection[str], days: int, owner: User, reason: str
) -> tuple[ServiceToken, str]:
    """
    As ``create_token``, by an administrator on a page, who says why.

    Raises NotAllowed or TokenRefused.
    """
    authorize(by, "tokens.change", fresh=True)
    if not reason.strip():
        raise TokenRefused("Say why.")
    return create_token(name=name, scopes=scopes, days=days, owner=owner, reason=reason)


@recorded
@transaction.atomic
def end_token(*, by: User, prefix: str, reason: str) -> ServiceToken:
    """As ``revoke_token``, by an administrator on a page. Raises NotAllowed or TokenRefused."""
    authorize(by, "tokens.change", fresh=True)
    if not reason.strip():
        raise TokenRefused("Say why.")
    if ServiceToken.objects.filter(prefix=prefix, revoked_at__isnull=False).exists():
        raise TokenRefused("This token has ended already.")
    return revoke_token(prefix, reason=reason)


def _record(action: str, token: ServiceToken, *, after: Mapping[str, object], reason: str) -> None:
    """By whoever is signed in, else by whoever runs ``manage.py`` on the server."""
    by = acting().actor or system("manage.py token", "Operator of the server")
    record(
        action, by=by, kind="service token", reference=token.prefix, label=token.name, after=after,
        reason=reason,
    )  # fmt: skip


def use_token(text: str) -> ServiceToken | None:
    """
    The token of that text when it is valid now, else None.

    When it was used last is noted at most once a minute, so that calls do not queue for its row.
    """
    prefix = tokens.prefix_of(text)
    if prefix is None:
        return None
    token = ServiceToken.objects.select_related("owner").filter(prefix=prefix).first()
    if token is None or not tokens.matches(text, token.digest):
        return None
    now = clock.now()
    if token.revoked_at is not None or token.expires_at <= now:
        return None
    if token.owner is not None and not token.owner.is_active:
        return None
    if token.used_at is None or now - token.used_at >= _NOTED_EVERY:
        unnoted = Q(used_at__isnull=True) | Q(used_at__lte=now - _NOTED_EVERY)
        ServiceToken.objects.filter(unnoted, pk=token.pk).update(used_at=now)
    return token

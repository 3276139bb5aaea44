"""Who calls: a service with a token in ``Authorization: Bearer rct_…``, and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import reach
from accounts.answering import shrunk, sight_for
from accounts.models import ServiceToken
from accounts.operations import use_token
from accounts.tokens import entities_of
from revops.kernel import sight

if TYPE_CHECKING:
    # DRF reads these classes from its settings while this module of its own is half imported.
    from rest_framework.views import APIView

_REALM: Final = 'Bearer realm="revops"'


@dataclass(frozen=True, slots=True)
class Service:
    """The caller, as ``request.user``."""

    token: ServiceToken

    is_authenticated = True

    def __str__(self) -> str:
        return str(self.token)


class TokenAuthentication(BaseAuthentication):
    """Sets ``request.user`` to a Service and ``request.auth`` to its ServiceToken."""

    def authenticate(self, request: Request) -> tuple[Service, ServiceToken] | None:
        kind, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            return None
        token = use_token(text.strip())
        if token is None:
            raise AuthenticationFailed("This token is not valid: unknown, expired or revoked.")
        reach.enter(request._request, entities_of(token.scopes))
        return Service(token), token

    def authenticate_header(self, request: Request) -> str:
        offered = get_authorization_header(request)
        return f'{_REALM}, error="invalid_token"' if offered else _REALM


class HasScope(BasePermission):
    """
    The token carries the view's ``scope``, and who answers for it may still do that themselves; the
    answer is masked as they would see it. A view that declares none is for nobody, and one that
    does not keep to entities (``entity_scoped``) is closed to tokens that are limited to some.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        scope = getattr(view, "scope", "")
        self.message = f"The token needs the scope {scope}."
        token = request.auth
        if isinstance(token, ServiceToken) and not getattr(view, "entity_scoped", False):
            limited = entities_of(token.scopes)
            if limited is not None:
                self.message = (
                    f"The token is limited to {', '.join(limited)}, and this address answers for "
                    "all legal entities."
                )
                return False
        if not scope or not isinstance(token, ServiceToken) or scope not in token.scopes:
            return False
        if scope in shrunk(token):
            self.message = (
                f"The person who answers for this token may not use {scope} themselves, or not for "
                "all its legal entities."
            )
            return False
        sight.look_as(sight_for(token.owner, scope))
        return True

"""
Who may see a screen, declared beside its view: ``@screen("cases.view")``.

An architecture test walks every address and wants one of the declarations on each. What a person
may *do* is decided again in the operation (``accounts.queries.authorize``); its refusal is
answered here too, in words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase

from accounts.policy import P, Policy, View, declared, for_everyone_signed_in, open_door, policy_of
from accounts.queries import NotAllowed, authorize
from accounts.roles import ACTIONS, ActionUnknown
from revops.web.htmx import refuse

__all__ = ["Policy", "for_everyone_signed_in", "open_door", "policy_of", "screen"]


def screen(action: str) -> Callable[[View[P]], View[P]]:
    """
    The view is for people who may do ``action``; anybody else gets 403 with who may.

    Raises ActionUnknown when the module is imported, if no role is declared for ``action``.
    """
    if action not in ACTIONS:
        raise ActionUnknown(action)

    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                authorize(request.user, action)
                return view(request, *args, **kwargs)
            except NotAllowed as error:
                return refuse(request, error, status=403)

        return declared(guarded, Policy(action=action))

    return declare

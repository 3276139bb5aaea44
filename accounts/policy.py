"""
Every address declares who it is for; an architecture test refuses one that does not.

Screens for people with a role use ``revops.web.policy.screen``; here is what needs no page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, Protocol, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Policy:
    """``action`` a person must be allowed, or, without one, why the address is open."""

    action: str = ""
    open_because: str = ""


class _Declaring(Protocol):
    policy: Policy


def declared(view: View[P], policy: Policy) -> View[P]:
    """The view itself, which says from now on who it is for."""
    cast(_Declaring, view).policy = policy
    return view


def for_everyone_signed_in(view: View[P]) -> View[P]:
    """The view is each person's own, such as their settings: no role is asked for."""
    return declared(view, Policy(open_because="one's own"))


def open_door(because: str) -> Callable[[View[P]], View[P]]:
    """The view has no signed-in person; ``because`` says what guards it instead."""

    def declare(view: View[P]) -> View[P]:
        return declared(login_not_required(view), Policy(open_because=because))

    return declare


def policy_of(callback: Callable[..., Any]) -> Policy | None:
    """
    What a resolved view declares; None is what the architecture test refuses.

    A machine's view declares the scope that its token needs: ``scope = "read:cases"``.
    """
    found = getattr(callback, "policy", None)
    if isinstance(found, Policy):
        return found
    scope = getattr(getattr(callback, "cls", None), "scope", None)
    return Policy(action=scope) if isinstance(scope, str) and scope else None

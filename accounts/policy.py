"""
Every address declares who it is for; an architecture test refuses one that does not.

Screens for people with a role use ``revops.web.policy.screen``; here is what needs no page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Policy:
    """``action`` a person must be allowed, or, without one, why the address is open."""

    action: str = ""
    open_because: str = ""


def for_everyone_signed_in(view: View[P]) -> View[P]:
    """The view is each person's own, such as their settings: no role is asked for."""
    view.policy = Policy(open_because="one's own")  # type: ignore[attr-defined]  # policy_of
    return view


def open_door(because: str) -> Callable[[View[P]], View[P]]:
    """The view has no signed-in person; ``because`` says what guards it instead."""

    def declare(view: View[P]) -> View[P]:
        opened = login_not_required(view)
        opened.policy = Policy(open_because=because)  # type: ignore[attr-defined]  # policy_of
        return opened

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

"""
Classes of case and the acts that settle them. Whoever detects a fault declares its kind, once,
from ``AppConfig.ready``; this app knows none of them by name.

    kinds.declare_remedy(Remedy("retry", "Retry", "cases.retry", run=..., allowed=...))
    kinds.declare(Kind("period_closed", "Closed period", team="Finance", sla=timedelta(days=1),
                       playbook="closed-period", remedies=("retry",), why="..."))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accounts.roles import ACTIONS, ActionUnknown

if TYPE_CHECKING:
    from accounts.models import User
    from exceptions.models import Case

Run = Callable[["Case", "User"], str]
RunMany = Callable[[Sequence["Case"], "User"], str]
Allowed = Callable[["Case"], str | None]


class KindUnknown(LookupError):
    """No app declared this kind; a mistake in the code."""


class RemedyUnknown(LookupError):
    """No app declared this remedy, or the case's kind does not offer it."""


def _always(case: Case) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Remedy:
    """
    One act that settles a case. ``action`` is the policy of who may (accounts.roles.ACTIONS).

    ``run`` is called in a transaction with the case locked. It only writes and returns the
    sentence of what it did; what it sets off waits for the commit; ``operations.CaseRefused`` says
    that it can't be done after all. ``run_many`` does the same for many cases of one cause at
    once, where a set-wise way exists; it refuses when it can do none of them. ``allowed`` says why
    the case can't take it, or None; it is called for every case of a list, with ``command`` and
    ``inbound`` loaded, so it must not query. ``by_shape``: all that it looks at is whether the case
    has a command and what that is about, an event, and a system; cases that are alike in these, in
    kind and in state get one answer.

    ``reads_only``: it asks and never sends, hence the only sort that a case in doubt takes.
    ``safe_to_repeat``: pressing it again while it still runs does no harm. ``waits``: it asks
    somebody, so that the case stays as it is until they have decided. ``page`` names the address
    where one case's effect is looked at before it is asked for; it is not pressed for many at once.
    """

    slug: str
    label: str
    action: str
    run: Run
    allowed: Allowed = _always
    run_many: RunMany | None = None
    reads_only: bool = False
    safe_to_repeat: bool = False
    waits: bool = False
    hint: str = ""
    page: str = ""
    by_shape: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A class of case. ``sla`` is how long the team has; ``playbook`` names a page of
    docs/playbooks; ``remedies`` are slugs, the suggested one first. ``why`` is the sentence under
    *Why it matters* and ``fix`` the one beside the suggested remedy, both at most 25 words.
    ``dead_letter``: what came in was put aside and became no record.
    """

    slug: str
    label: str
    team: str
    sla: timedelta
    playbook: str
    remedies: tuple[str, ...] = ()
    tone: str = "warn"
    why: str = ""
    fix: str = ""
    dead_letter: bool = False


_kinds: dict[str, Kind] = {}
_remedies: dict[str, Remedy] = {}


def declare(*declared: Kind) -> None:
    """Make kinds known. Declaring a slug again replaces it."""
    for kind in declared:
        _kinds[kind.slug] = kind


def declare_remedy(*declared: Remedy) -> None:
    """Make remedies known. Raises ActionUnknown when no role is declared for the action."""
    for remedy in declared:
        if remedy.action not in ACTIONS:
            raise ActionUnknown(remedy.action)
        _remedies[remedy.slug] = remedy


def get(slug: str) -> Kind:
    """Raises KindUnknown."""
    try:
        return _kinds[slug]
    except KeyError:
        raise KindUnknown(f"No app declared the case kind “{slug}”.") from None


def described(slug: str) -> Kind:
    """The kind for a page. Old cases of a kind that is no longer declared still need words."""
    known = _kinds.get(slug)
    return known or Kind(slug, slug.replace("_", " ").capitalize(), "", timedelta(days=1), "")


def all() -> Sequence[Kind]:
    """Every kind, by its label."""
    return sorted(_kinds.values(), key=lambda kind: kind.label)


def remedy(slug: str) -> Remedy:
    """Raises RemedyUnknown."""
    try:
        return _remedies[slug]
    except KeyError:
        raise RemedyUnknown(f"No app declared the remedy “{slug}”.") from None


def remedies_of(kind_slug: str) -> Sequence[Remedy]:
    """What the kind offers, the suggested one first."""
    return [remedy(slug) for slug in get(kind_slug).remedies]

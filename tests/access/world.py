"""
Two legal entities with one of everything each: OURS, which people of one entity see, and THEIRS.

What is theirs carries marks that nothing else has: names hold ``NAME``, ids and numbers ``MARK``,
amounts are ``AMOUNT``. A page that shows any of them to somebody of ours has a hole. People belong
to no entity, and carry no mark. What a side has is made by subject: ``sales``, ``books``, ``work``,
``requests``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.roles import Role
from approvals import operations as approvals
from tests import factories as make
from tests.access.books import book, use
from tests.access.closing import close
from tests.access.reconciling import reconcile
from tests.access.requests import ask
from tests.access.sales import sell
from tests.access.sealing import certify
from tests.access.sides import AMOUNT, DAY, MARK, NAME, OURS, THEIRS, Side, a_person
from tests.access.work import fail
from tests.approvals.kit import a_policy, a_subject

PEOPLE: Final = {**{role.value: role for role in Role}, "nobody": None}


@dataclass
class World:
    """``of_all`` hold their role everywhere, ``of_ours`` for OURS only; both by role's name."""

    of_all: dict[str, User]
    of_ours: dict[str, User]
    asker: User
    ours: Side
    theirs: Side


def build() -> World:
    """Some hundred rows; takes about a second."""
    a_subject()
    of_all = {name: a_person(name, role) for name, role in PEOPLE.items()}
    of_ours = {name: a_person(f"our-{name}", role, OURS) for name, role in PEOPLE.items()}
    asker = a_person("asker", Role.SUPPORT)
    a_policy()
    with transaction.atomic():
        approvals.begin_with(
            subject="approval_policy", tiers=approvals.ANOTHER_ADMIN, since=DAY, made_by="Setup"
        )
    ours = _side(OURS, "Contoso", "own", 10_000, asker)
    theirs = _side(THEIRS, NAME, MARK, AMOUNT, asker)
    make.a_connection()
    make.a_gate()
    make.an_act()
    return World(of_all, of_ours, asker, ours, theirs)


def _side(code: str, name: str, mark: str, amount: int, asker: User) -> Side:
    entity = make.a_legal_entity(code, name=f"{name} Holding")
    side = Side(entity, name, mark, amount)
    sell(side)
    book(side)
    use(side)
    fail(side)
    ask(side, asker)
    close(side)
    reconcile(side)
    certify(side)
    return side

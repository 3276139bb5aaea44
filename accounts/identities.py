"""
Accounts that are one person's. What one of them asked for, none of the others decides.

Two accounts are tied by an administrator who says why (``operations.identities``), and whatever is
tied to either is tied to both. A tie that was taken away still counts for what was asked for while
it stood, so nobody rids themselves of a conflict by it. The database looks it up by the same
function, ``accounts_persons`` (``migrations/0005_same_person``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.models import SamePerson, User
from revops.kernel import clock
from revops.store import sql

_TAG: Final = re.compile(r"\+.*$")


@dataclass(frozen=True, slots=True)
class Resemblance:
    """An account that may be the same person's; ``why`` are sentences."""

    user: User
    why: tuple[str, ...]


def accounts_of(user_id: int, *, since: datetime | None = None) -> frozenset[int]:
    """
    Every account of the person, this one too: as it is now, or as it was at any time ``since`` an
    instant.
    """
    found = sql.rows(
        "SELECT account FROM accounts_persons(%s, %s) AS account", (user_id, since or clock.now())
    )
    return frozenset(row.account for row in found)


def mine(user: User) -> frozenset[int]:
    """``accounts_of`` for who is signed in, read once for a request."""
    cached = user._accounts_of_person
    if cached is None:
        cached = accounts_of(user.pk)
        user._accounts_of_person = cached
    return cached


def forget(user: User) -> None:
    """Read it again at the next question."""
    user._accounts_of_person = None


def ties(*, since: datetime | None = None) -> QuerySet[SamePerson]:
    """The ties that stand, or stood at some time ``since`` an instant."""
    return SamePerson.objects.filter(Q(until__isnull=True) | Q(until__gt=since or clock.now()))


def resemblances(users: Iterable[User]) -> dict[int, list[Resemblance]]:
    """
    By account, which others may be the same person's and are not tied to it: by their name, by
    their address in a domain of the same company, or by what the company's own sign-in says.
    """
    wanted = {user.pk: user for user in users}
    if not wanted:
        return {}
    everybody = list(User.objects.order_by("pk"))
    tied = {pair for one in ties() for pair in ((one.first_id, one.second_id),
                                                 (one.second_id, one.first_id))}  # fmt: skip
    told = _addresses_of_subjects()
    names, boxes, mails = _by(everybody, _name), _by(everybody, _box), _by(everybody, _mail)
    people = {one.pk: one for one in everybody}
    found: dict[int, list[Resemblance]] = {}
    for number, user in wanted.items():
        why: dict[int, list[str]] = {}
        for other in names.get(_name(user), ()):
            why.setdefault(other.pk, []).append("Both have the same name.")
        for other in boxes.get(_box(user), ()):
            why.setdefault(other.pk, []).append("Their e-mail addresses differ only in form.")
        for mail in told.get(number, ()):
            for other in mails.get(mail, ()):
                why.setdefault(other.pk, []).append(
                    "The company's sign-in knows this account by the other one's address."
                )
        found[number] = [
            Resemblance(people[other], tuple(sentences))
            for other, sentences in why.items()
            if other != number and (number, other) not in tied
        ]
    return found


def _by(users: Iterable[User], what: Callable[[User], str]) -> dict[str, list[User]]:
    made: dict[str, list[User]] = {}
    for user in users:
        made.setdefault(what(user), []).append(user)
    return made


def _addresses_of_subjects() -> dict[int, set[str]]:
    """What a provider last said the address of each account's subject is."""
    found: dict[int, set[str]] = {}
    for user, said in SocialAccount.objects.values_list("user_id", "extra_data"):
        found.setdefault(user, set()).add(str((said or {}).get("email", "")).strip().lower())
    return found


def _name(user: User) -> str:
    plain = unicodedata.normalize("NFKD", user.name)
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return " ".join(sorted(letters.casefold().replace(",", " ").split()))


def _mail(user: User) -> str:
    return user.email.strip().lower()


def _box(user: User) -> str:
    """The address without what a mailbox does not look at; domains of one company are one."""
    local, _, domain = _mail(user).rpartition("@")
    ours = {one.lower() for one in settings.REVOPS_OWN_DOMAINS}
    return f"{_TAG.sub('', local).replace('.', '')}@{'' if domain in ours else domain}"

"""Reading notices, always one person's own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from accounts.models import User
from revops.notices.kinds import KINDS, Kind, kind_of
from revops.notices.models import Notice, Preference, Summary
from revops.store.prepared import Prepared

UNREAD = "unread"
_CAP = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants one kind: by mail ``now``, ``digest`` or ``no``; in the chat or not."""

    kind: Kind
    mail: str
    chat: bool


def unread_count(person: User) -> int:
    """Not read yet; counting stops at 100."""
    return len(_UNREAD.rows(person=person.pk))


def notices_of(person: User, *, view: str = "") -> QuerySet[Notice, Notice]:
    """The person's own; with the view ``unread`` only those."""
    mine = Notice.objects.filter(recipient=person)
    return mine.filter(read_at__isnull=True) if view == UNREAD else mine


_UNREAD: Final = Prepared(
    lambda person: Notice.objects.filter(recipient=person, read_at__isnull=True).values_list("pk")[
        :_CAP
    ],
    person=int,
)
UNREAD_COUNT: Final = f"""
SELECT count(*) FROM (
    SELECT 1 FROM notices_notice WHERE recipient_id = %(me)s AND read_at IS NULL LIMIT {_CAP}
) AS few
"""  # noqa: S608  a number of ours


def wishes_of(people: Collection[int], kind: str) -> dict[int, Wish]:
    """By person, also for those who never chose."""
    usual = kind_of(kind)
    found = {person: Wish(usual, usual.mail, usual.chat) for person in people}
    for row in Preference.objects.filter(person__in=people, kind=kind):
        found[row.person_id] = Wish(usual, row.mail, row.chat)
    return found


def wishes(person: User) -> list[Wish]:
    """All kinds, in their order."""
    chosen = {row.kind: row for row in Preference.objects.filter(person=person)}
    return [
        Wish(kind, chosen[slug].mail, chosen[slug].chat)
        if slug in chosen
        else Wish(kind, kind.mail, kind.chat)
        for slug, kind in KINDS.items()
    ]


def summary_hour(person: User) -> int:
    """The hour of the person's zone at which the summary comes."""
    found = Summary.objects.filter(person=person).first()
    return found.hour if found else int(Summary._meta.get_field("hour").default)

"""Telling people, and what they may do about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import transaction

from accounts.models import User
from revops.audit.operations import nothing_to_record, recorded
from revops.kernel import clock
from revops.notices.hours import next_due
from revops.notices.kinds import DIGEST, KINDS, MAIL, NOT, NOW, kind_of
from revops.notices.models import Notice, Preference, Summary
from revops.notices.queries import wishes_of

_LONGEST_TITLE = 300


class WishRefused(ValueError):
    """The wish cannot be kept; the message says why."""


@transaction.atomic
def tell(
    *,
    recipients: Collection[int],
    kind: str,
    title: str,
    text: str,
    link: str,
    key: str,
    entity: str = "",
    mail: bool = True,
    chat: bool = True,
) -> int:
    """
    Tell people (by their ids) something, in the caller's transaction. ``link`` is a path of this
    console. The same ``key`` tells nobody twice. Without ``mail`` or ``chat`` it goes out that way
    to nobody, whatever they wish. How many were told; raises KindUnknown.
    """
    kind_of(kind)
    people = list(User.objects.filter(pk__in=set(recipients), is_active=True))
    if not people:
        return 0
    if not link.startswith("/") or link.startswith("//"):
        raise ValueError("A notice links to a path of this console.")
    now = clock.now()
    wishes = wishes_of([person.pk for person in people], kind)
    before = Notice.objects.filter(key=key).count()
    Notice.objects.bulk_create(
        [
            Notice(
                recipient=person, kind=kind, title=_line(title)[:_LONGEST_TITLE], text=text,
                link=link, entity=entity, key=key[:200], created_at=now,
                mail=wishes[person.pk].mail if mail else NOT,
                chat=NOW if chat and wishes[person.pk].chat else NOT,
            )
            for person in people
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    _expect_summaries([one for one in people if mail and wishes[one.pk].mail == DIGEST])
    return Notice.objects.filter(key=key).count() - before


@recorded
def mark_read(*, by: User, ids: Collection[int] | None = None) -> int:
    """These notices of the person's own, or all of them; how many were not read before."""
    nothing_to_record("what somebody has read is their own matter")
    mine = Notice.objects.filter(recipient=by, read_at__isnull=True)
    if ids is not None:
        mine = mine.filter(pk__in=ids)
    return mine.update(read_at=clock.now())


@recorded
@transaction.atomic
def wish(*, by: User, mail: Mapping[str, str], chat: Collection[str], hour: int) -> None:
    """
    How the person wants to be told: ``mail`` by kind (``now``, ``digest``, ``no``), the kinds that
    ``chat`` is wanted for, and the ``hour`` of their zone for the summary. Raises WishRefused.
    """
    nothing_to_record("how somebody wants to be told is their own matter")
    words = dict(MAIL)
    if not 0 <= hour <= 23:
        raise WishRefused("Choose an hour from 0 to 23.")
    if set(mail) != set(KINDS) or not set(mail.values()) <= set(words):
        raise WishRefused("Choose for each kind how you want it by e-mail.")
    for slug in KINDS:
        Preference.objects.update_or_create(
            person=by, kind=slug, defaults={"mail": mail[slug], "chat": slug in chat}
        )
    due = next_due(after=clock.now(), zone=by.zone, hour=hour)
    Summary.objects.update_or_create(person=by, defaults={"hour": hour, "next_at": due})


def _expect_summaries(people: Collection[User]) -> None:
    """Whoever waits for a summary has a time for it."""
    hour = Summary._meta.get_field("hour").default
    now = clock.now()
    Summary.objects.bulk_create(
        [
            Summary(person=one, next_at=next_due(after=now, zone=one.zone, hour=hour))
            for one in people
        ],
        ignore_conflicts=True,
    )


def _line(text: str) -> str:
    return " ".join(text.split())

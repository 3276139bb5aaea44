"""
Notices that wait for a mail server or a chat that stays stopped go the other way that was set.

The command that waits is withdrawn and the one that replaces it is made in one transaction, under
the lock of the first: a notice is told once, by one of them. A channel is read by many, so that a
notice which its kind keeps out of the chat goes there without its words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import structlog
from django.db import transaction

from connectors import registry
from connectors.models import Connection
from revops.delivery.decide import State
from revops.delivery.fallback import Stuck, hand_on, stuck
from revops.delivery.operations import Order, enqueue, newest
from revops.kernel import clock
from revops.notices.kinds import KINDS, NOW
from revops.notices.models import Notice, Way
from revops.pipeline import messages, wake
from revops.pipeline.messages import CHAT, DOCUMENT, MAIL

log = structlog.get_logger(__name__)

KINDS_OF_MESSAGE: Final = (MAIL, CHAT)
_MOST: Final = 200


@transaction.atomic
def hand_on_notices() -> int:
    """Once round. How many messages go another way now."""
    ways: dict[tuple[int, int], list[Stuck]] = defaultdict(list)
    for one in stuck(KINDS_OF_MESSAGE, most=_MOST):
        ways[one.connection_id, one.fallback_id].append(one)
    return sum(_hand_on(origin, other, found) for (origin, other), found in ways.items())


def able(connector: str) -> bool:
    """Whether messages to people go by it."""
    return not set(KINDS_OF_MESSAGE).isdisjoint(registry.manifest(connector).accepts)


def _hand_on(origin: int, other: int, found: Sequence[Stuck]) -> int:
    names = Connection.objects.in_bulk([origin, other])
    accepted = registry.manifest(names[other].connector).accepts
    moved: list[int] = []
    orders: list[Order] = []
    for kind in KINDS_OF_MESSAGE:
        mine = [one for one in found if one.kind == kind]
        if kind in accepted:
            orders += [_again(one, other) for one in mine]
        elif kind == MAIL and CHAT in accepted:
            # A summary is a letter to one person, and waits.
            mine = [one for one in mine if one.document_type == DOCUMENT]
            orders += _by_chat(mine, names[other])
        elif kind == CHAT and MAIL in accepted:
            orders += _by_mail(mine, names[other])
        else:
            continue
        moved += [one.id for one in mine]
    if not moved:
        return 0
    hand_on(origin, moved, reason=f"It went by {names[other]}, because {names[origin]} is stopped.")
    enqueue(_still_to_tell(orders))
    transaction.on_commit(partial(wake.delivery, other), robust=True)
    log.info("notices.went_elsewhere", connection=names[origin].slug, by=names[other].slug,
             count=len(moved))  # fmt: skip
    return len(moved)


def _again(one: Stuck, other: int) -> Order:
    return Order(
        connection_id=other, lane="primary", legal_entity_id=one.legal_entity_id,
        legal_entity=one.legal_entity, document_type=one.document_type,
        business_key=one.business_key, revision=one.revision, kind=one.kind,
        payload=one.payload, subject_kind=messages.SUBJECT, subject_id=one.subject_id,
        currency="", amount=0, period_code="", correlation_id=one.correlation_id,
    )  # fmt: skip


def _by_chat(found: Sequence[Stuck], other: Connection) -> list[Order]:
    """One message for all whom the same news concerns, unless the chat tells them of it anyway."""
    rows = _notices(one.subject_id for one in found)
    telling = [row for row in rows if row.chat not in (NOW, Way.HANDED)]
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(mailed_at=None)
    Notice.objects.filter(pk__in=[row.pk for row in telling]).update(posted_at=clock.now())
    orders = []
    for first, names in messages.concerned(telling):
        key = f"chat:{first.key}:{first.pk}"
        kind = KINDS[first.kind]
        orders.append(messages.post(first, names, other, key=key, bare=not kind.chat))
    return orders


def _by_mail(found: Sequence[Stuck], other: Connection) -> list[Order]:
    """A mail to each whom the news concerns, unless one goes to them anyway."""
    keys = {row.key for row in _notices(one.subject_id for one in found)}
    rows = list(
        Notice.objects.select_related("recipient")
        .filter(key__in=keys, posted_at__isnull=False)
        .order_by("pk")
    )
    telling = [row for row in rows if row.mail != NOW and row.mailed_at is None]
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(posted_at=None)
    Notice.objects.filter(pk__in=[row.pk for row in telling]).update(
        mail=Way.HANDED, mailed_at=clock.now()
    )
    return messages.mails(telling, other)


def _still_to_tell(orders: Sequence[Order]) -> list[Order]:
    """
    Without what is told already. What was withdrawn before, when it went another way, is told as
    the next revision of the same message.
    """
    earlier = newest([
        (one.lane, one.legal_entity_id, one.document_type, one.business_key) for one in orders
    ])  # fmt: skip
    found = []
    for place, one in enumerate(orders):
        known = earlier.get(place)
        if known is None:
            found.append(one)
        elif known.state is State.CANCELLED:
            found.append(replace(one, revision=known.revision + 1))
    return found


def _notices(ids: Iterable[int]) -> list[Notice]:
    return list(Notice.objects.select_related("recipient").filter(pk__in=set(ids)).order_by("pk"))

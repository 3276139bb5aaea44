"""
Notices become commands: what is wanted at once goes out by e-mail and chat, what is wanted once a
day as a summary.

Everything is found in the database, so any number of turns at once tell nobody twice: rows are
locked while they are handed over, and a command's identity is the notice's.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from django.db import transaction

from connectors import registry
from connectors.models import Connection, ConnectionState
from revops.delivery.operations import Order, enqueue
from revops.kernel import clock
from revops.mappings.models import LegalEntity
from revops.notices.hours import next_due, zone_of
from revops.notices.kinds import DIGEST, NOT, NOW
from revops.notices.models import Notice, Summary, Way
from revops.pipeline import hearing, messages, wake
from revops.pipeline.credential_ends import look_at_credentials
from revops.pipeline.fallback import hand_on_notices
from revops.pipeline.messages import CHAT, MAIL
from revops.pipeline.token_ends import look_at_tokens

# What could not go out for so long is old news: it stands in the console, and is not sent any more.
OLDEST: Final = timedelta(days=3)
_MOST: Final = 200
_MOST_IN_A_SUMMARY: Final = 100


def turn() -> int:
    """Once round: what is new is told, what is wanted goes out. How many commands were made."""
    hearing.look_at_emergencies()
    hearing.look_at_what_ends()
    look_at_tokens()
    look_at_credentials()
    made = hand_over() + summarize()
    hand_on_notices()
    return made


@transaction.atomic
def hand_over() -> int:
    """Make commands of what is wanted at once. How many."""
    now = clock.now()
    made = 0
    for way, command in (("mail", MAIL), ("chat", CHAT)):
        waiting = Notice.objects.filter(**{way: NOW})
        waiting.filter(created_at__lt=now - OLDEST).update(**{way: Way.LATE})
        connection = reaching(command)
        if connection is None:
            continue
        rows = list(
            waiting.select_related("recipient")
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("pk")[:_MOST]
        )
        orders = (
            messages.mails(rows, connection)
            if way == "mail"
            else [
                messages.post(first, names, connection, key=f"chat:{first.key}")
                for first, names in messages.concerned(rows)
            ]
        )
        made += enqueue(orders)
        sent = {way: Way.HANDED, "mailed_at" if way == "mail" else "posted_at": now}
        Notice.objects.filter(pk__in=[row.pk for row in rows]).update(**sent)
        if orders:
            transaction.on_commit(partial(wake.delivery, connection.pk), robust=True)
    return made


@transaction.atomic
def summarize() -> int:
    """Make one mail for each person whose summary is due and has something unread. How many."""
    now = clock.now()
    connection = reaching(MAIL)
    due = (
        Summary.objects.select_related("person")
        .select_for_update(of=("self",), skip_locked=True)
        .filter(next_at__lte=now)
        .order_by("next_at")[:_MOST]
    )
    orders: list[Order] = []
    for one in due if connection is not None else ():
        day = now.astimezone(zone_of(one.person.zone)).date()
        waiting = Notice.objects.filter(recipient=one.person, mail=DIGEST)
        waiting.filter(read_at__isnull=False).update(mail=NOT)
        rows = list(waiting.order_by("pk")[:_MOST_IN_A_SUMMARY])
        if rows and one.person.is_active and one.sent_on != day:
            assert connection is not None
            orders.append(messages.summary(rows, one, connection, f"{day:%Y-%m-%d}"))
            Notice.objects.filter(pk__in=[row.pk for row in rows]).update(
                mail=Way.HANDED, mailed_at=now
            )
            one.sent_on = day
        one.next_at = next_due(after=now, zone=one.person.zone, hour=one.hour)
        one.save(update_fields=["next_at", "sent_on"])
    made = enqueue(orders)
    if orders and connection is not None:
        transaction.on_commit(partial(wake.delivery, connection.pk), robust=True)
    return made


def reaching(command: str) -> Connection | None:
    """
    The connection that takes such commands; the first one, by its slug. None as well before the
    first legal entity is set up, since every command belongs to one.
    """
    if not LegalEntity.objects.exists():
        return None
    able = [
        slug for slug, manifest in registry.all_manifests().items() if command in manifest.accepts
    ]
    return (
        Connection.objects.filter(connector__in=able, state=ConnectionState.LIVE)
        .order_by("slug")
        .first()
    )

"""
Notices become commands: what is wanted at once goes out by e-mail and chat, what is wanted once a
day as a summary.

Everything is found in the database, so any number of turns at once tell nobody twice: rows are
locked while they are handed over, and a command's identity is the notice's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from connectors import registry
from connectors.models import Connection, ConnectionState
from revops.delivery.operations import Order, enqueue
from revops.kernel import clock, correlation, strict_json
from revops.mappings.models import LegalEntity
from revops.notices.hours import next_due, zone_of
from revops.notices.kinds import DIGEST, NOT, NOW
from revops.notices.models import Notice, Summary, Way
from revops.pipeline import hearing, wake
from revops.pipeline.credential_ends import look_at_credentials
from revops.pipeline.token_ends import look_at_tokens

MAIL: Final = "notice.email"
CHAT: Final = "notice.chat"
DOCUMENT: Final = "notice"
SUMMARY: Final = "notice_summary"
SUBJECT: Final = "notice"
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
    return hand_over() + summarize()


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
        orders = _mails(rows, connection) if way == "mail" else _posts(rows, connection)
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
            orders.append(_summary(rows, one, connection, f"{day:%Y-%m-%d}"))
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


def label_of(notice_id: int) -> str:
    """What a command of a notice is about, for a case; a summary counts as its newest notice."""
    found = Notice.objects.filter(pk=notice_id).select_related("recipient").first()
    return f"Notice to {found.recipient.name}" if found else "A notice"


def address(path: str) -> str:
    """A path of this console as a link that works from outside; signing in leads on to it."""
    return f"{settings.REVOPS_URL or f'http://localhost:{settings.REVOPS_PORT}'}{path}"


def _mails(rows: Sequence[Notice], connection: Connection) -> list[Order]:
    return [
        _order(
            connection, row, MAIL, DOCUMENT, f"mail:{row.pk}",
            {
                "to": row.recipient.email, "name": row.recipient.name, "subject": row.title,
                "text": row.text, "link": address(row.link),
            },
        )
        for row in rows
    ]  # fmt: skip


def _posts(rows: Sequence[Notice], connection: Connection) -> list[Order]:
    """A channel is told once, whomever it concerns."""
    groups: dict[tuple[str, str], list[Notice]] = defaultdict(list)
    for row in rows:
        groups[row.key, row.link].append(row)
    found = []
    for (key, link), concerned in groups.items():
        first = concerned[0]
        names = ", ".join(sorted(one.recipient.name for one in concerned))
        body = {
            "title": first.title, "text": first.text[:1000], "who": f"For {names}"[:500],
            "link": address(link),
        }  # fmt: skip
        found.append(_order(connection, first, CHAT, DOCUMENT, f"chat:{key}", body))
    return found


def _summary(rows: Sequence[Notice], one: Summary, connection: Connection, day: str) -> Order:
    lines = [f"{row.title}\n{row.text}\n{address(row.link)}" for row in rows]
    count = f"{len(rows)} unread notice" + ("" if len(rows) == 1 else "s")
    body = {
        "to": one.person.email, "name": one.person.name, "subject": f"{count} on {day}",
        "text": "\n\n".join(lines), "link": address("/notices/?view=unread"),
    }  # fmt: skip
    return _order(
        connection, rows[-1], MAIL, SUMMARY, f"summary:{one.person_id}:{day}", body, entity=""
    )


def _order(
    connection: Connection,
    row: Notice,
    command: str,
    document: str,
    key: str,
    body: dict[str, Any],
    *,
    entity: str | None = None,
) -> Order:
    """A command belongs to some legal entity: the notice's, or the first when it has none."""
    code = row.entity if entity is None else entity
    known = LegalEntity.objects.order_by("pk")
    home = known.filter(code=code).first() or known[0]
    return Order(
        connection_id=connection.pk, lane="primary", legal_entity_id=home.pk,
        legal_entity=home.code, document_type=document, business_key=key[:240], revision=1,
        kind=command, payload=strict_json.dumps(body), subject_kind=SUBJECT, subject_id=row.pk,
        currency="", amount=0, period_code="", correlation_id=correlation.new_id(),
    )  # fmt: skip

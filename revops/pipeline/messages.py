"""Notices as commands: what a mail and a message to the chat say, and for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.conf import settings

from connectors.models import Connection
from revops.delivery.operations import Order
from revops.kernel import correlation, strict_json
from revops.mappings.models import LegalEntity
from revops.notices.models import Notice, Summary

MAIL: Final = "notice.email"
CHAT: Final = "notice.chat"
DOCUMENT: Final = "notice"
SUMMARY: Final = "notice_summary"
SUBJECT: Final = "notice"


def label_of(notice_id: int) -> str:
    """What a command of a notice is about, for a case; a summary counts as its newest notice."""
    found = Notice.objects.filter(pk=notice_id).select_related("recipient").first()
    return f"Notice to {found.recipient.name}" if found else "A notice"


def address(path: str) -> str:
    """A path of this console as a link that works from outside; signing in leads on to it."""
    return f"{settings.REVOPS_URL or f'http://localhost:{settings.REVOPS_PORT}'}{path}"


def mails(rows: Iterable[Notice], connection: Connection) -> list[Order]:
    """One for each."""
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


def concerned(rows: Iterable[Notice]) -> list[tuple[Notice, str]]:
    """The first notice of each piece of news, with the names of all whom it concerns."""
    groups: dict[tuple[str, str], list[Notice]] = defaultdict(list)
    for row in rows:
        groups[row.key, row.link].append(row)
    return [
        (found[0], ", ".join(sorted(one.recipient.name for one in found)))
        for found in groups.values()
    ]


def post(
    first: Notice, names: str, connection: Connection, *, key: str, bare: bool = False
) -> Order:
    """A channel is told once, whomever it concerns; ``bare`` of the notice's own words."""
    body = {
        "title": first.get_kind_display() if bare else first.title,
        "text": "It is in the console." if bare else first.text[:1000],
        "who": f"For {names}"[:500],
        "link": address(first.link),
    }
    return _order(connection, first, CHAT, DOCUMENT, key, body)


def summary(rows: Sequence[Notice], one: Summary, connection: Connection, day: str) -> Order:
    """A person's unread notices of a day in one mail."""
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

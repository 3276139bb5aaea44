"""Connections for the tests of their pages, and what went over them."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

from connectors.models import Connection
from revops.delivery.models import Attempt, OutboundCommand
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.kernel.keys import sha256
from tests.factories import a_command, a_connection, a_gate, a_journal


def an_erp(slug: str = "erp", **gate: Any) -> Connection:
    """A Tryton with its gate."""
    connection = a_connection(slug, "tryton", label=slug.upper())
    a_gate(connection, **gate)
    return connection


def a_source(slug: str = "billing", **cursor: Any) -> Connection:
    """A Stripe that is polled; the latest poll was a minute ago."""
    connection = a_connection(slug, "stripe")
    now = clock.now()
    values = {
        "next_at": now + timedelta(minutes=4),
        "polled_at": now - timedelta(minutes=1),
        "cursor": "1795230231",
        "found": 12,
    } | cursor
    SourceCursor.objects.update_or_create(connection=connection, defaults=values)
    return connection


def waiting(connection: Connection, amount: int = 10_000, **values: Any) -> OutboundCommand:
    """A posting that waits for the connection."""
    entry = a_journal(lines=(("1200", amount), ("2400", -amount)))
    return a_command(entry, connection=connection, **values)


def a_call(command: OutboundCommand, outcome: str | None = "ok", **values: Any) -> Attempt:
    """A call just now that took 1.2 seconds."""
    now = clock.now()
    number = Attempt.objects.filter(command=command).count() + 1
    made: dict[str, Any] = {
        "number": number,
        "kind": "send",
        "fence": 1,
        "intent_at": now,
        "request_sha256": sha256("request"),
        "outcome": outcome,
        "finished_at": now + timedelta(milliseconds=1200) if outcome else None,
    }
    return Attempt.objects.create(command=command, **(made | values))


def stopped(**more: Any) -> dict[str, Any]:
    """A gate that sends nothing since a minute, because calls failed."""
    now = clock.now()
    return {
        "breaker": "open",
        "opened_at": now - timedelta(minutes=1),
        "retry_at": now + timedelta(minutes=5),
        "failures": 5,
        "trips": 1,
        "story": "the system could not be reached",
        "failed_at": now,
    } | more


def text_of(page: Any) -> str:
    """The page's words, with every white space as one blank."""
    inline = re.sub(r"</?(?:a|data|span|strong|time)\b[^>]*>", "", page.content.decode())
    words = re.sub(r"<[^>]+>", " ", inline)
    return " ".join(html.unescape(words).split())

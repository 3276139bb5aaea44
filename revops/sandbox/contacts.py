"""
The demo's connections to people: the support desk with its tickets, a mailbox, and a chat. Each
sandbox shows at its own address what arrived there; nothing leaves this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import httpx
import structlog
from django.conf import settings
from django.db import transaction

from connectors.models import Connection
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.mappings.models import EntityMap, LegalEntity
from revops.sandbox import company

log = structlog.get_logger(__name__)

DESK: Final = "zendesk"
MAIL: Final = "email"
CHAT: Final = "slack"
# Tickets of the demo are called ZD-48213; Zendesk itself knows their numbers alone.
PREFIX: Final = "ZD-"
_DESK_PORT: Final = 5
_MAIL_PORT: Final = 7  # the product of metered.py is at 6
_SMTP_PORT: Final = 8
_CHAT_PORT: Final = 9
_FIELDS: Final = {
    "key_field": "360001", "credit_field": "360002", "billing_field": "360003",
    "invoice_field": "360004", "promise_field": "360005", "promise_day_field": "360006",
    "context_field": "360007",
}  # fmt: skip
_PATIENCE_S: Final = 3.0


@transaction.atomic
def seed() -> None:
    """Make the connections that are not there. The company has to be."""
    port = settings.REVOPS_DEMO_SANDBOX_PORT
    desk = company.connect(
        DESK, "zendesk", "Zendesk", port + _DESK_PORT,
        {"subdomain": "demo", "ticket_prefix": PREFIX, **_FIELDS},
    )  # fmt: skip
    home = LegalEntity.objects.get(code="US-INC")
    EntityMap.objects.get_or_create(connection=desk, hint="", defaults={"legal_entity": home})
    SourceCursor.objects.get_or_create(connection=desk, defaults={"next_at": clock.now()})
    company.connect(
        MAIL, "email", "E-mail", port + _MAIL_PORT,
        {"sender": "console@demo.example", "login": "console"},
        base_url=f"smtp://127.0.0.1:{port + _SMTP_PORT}",
    )  # fmt: skip
    company.connect(CHAT, "slack", "Chat", port + _CHAT_PORT, {})


def open_tickets(tickets: Sequence[dict[str, Any]]) -> bool:
    """
    Let customers open tickets at the desk's sandbox, each as its ``scenario/ticket`` takes it.
    Whether the sandbox did; doing it again opens none twice.
    """
    desk = Connection.objects.filter(slug=DESK).first()
    if desk is None:
        return False
    try:
        with httpx.Client(base_url=desk.control_url, timeout=_PATIENCE_S, trust_env=False) as door:
            for ticket in tickets:
                door.post("/_control/scenario/ticket", json=ticket).raise_for_status()
    except httpx.HTTPError as error:
        log.info("contacts.desk_is_silent", why=type(error).__name__)
        return False
    return True

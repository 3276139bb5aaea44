"""The item in the rail, with how many connections are sent nothing because calls failed."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest

from revops.console.connections.queries.rows import Row
from revops.delivery.queries import CANNOT_SEND
from revops.store import together
from revops.web import nav

_KNOWN = "_connections_that_cannot_send"


def declare() -> None:
    """Called once when the app is ready."""
    together.declare("cannot_send", CANNOT_SEND)
    nav.declare(
        nav.Item(
            "Connections", "connections:list", "connections.view", group=nav.WATCH, order=30,
            key="n", count=_count,
        )
    )  # fmt: skip


def remember(request: HttpRequest, rows: Sequence[Row]) -> None:
    """A page that has read every connection need not ask again for the rail."""
    setattr(request, _KNOWN, sum(row.status in ("stopped", "signed_out") for row in rows))


def _count(request: HttpRequest) -> tuple[int, str]:
    known: int | None = getattr(request, _KNOWN, None)
    return (nav.asked(request, "cannot_send") if known is None else known), "crit"

"""What the page of one connection shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.queries import may
from accounts.roles import who_may
from connectors.manifest import Capability, Manifest
from connectors.models import Connection, ConnectionState
from revops.console.connections import switches, words
from revops.console.connections.forms import (
    UNTIL,
    LimitsForm,
    PauseForm,
    WeeklyForm,
    WindowForm,
    limits_of,
    window_of,
)
from revops.console.connections.queries import drifts, held, pace, reads, traffic
from revops.console.connections.queries.rows import Row, one
from revops.console.connections.setup.standing import ending, standing_of, waiting_for
from revops.console.connections.story import story
from revops.console.connections.weekly import weekly_of
from revops.kernel import clock
from revops.web.htmx import wants_fragment


def loaded(slug: str) -> Row:
    """Raises Http404."""
    try:
        return one(slug)
    except Connection.DoesNotExist:
        raise Http404("There is no such connection.") from None


def page_context(
    request: HttpRequest, row: Row, manifest: Manifest, *, live: bool
) -> dict[str, Any]:
    """``live``: only what changes by itself, which asks no sandbox and reads no credentials."""
    connection = row.connection
    may_operate = may(request.user, "connections.operate")
    context: dict[str, Any] = {
        "row": row,
        "connection": connection,
        "manifest": manifest,
        "at": clock.now(),
        "path": reverse("connections:connection", args=[connection.slug]),
        "story": story(row),
        "backlog": traffic.backlog(row),
        "calls": traffic.calls(connection.pk) if row.health else (),
        "pace": pace.pace(connection.pk, row.health.gate) if row.health else None,
        "deliveries": traffic.deliveries(connection.pk) if row.feed else (),
        "promise": words.promise(manifest),
        "settle": words.settle_window(manifest),
        "may_operate": may_operate,
        "may_read": may(request.user, "payload.view"),
        "oob": live,
        "swapped": wants_fragment(request),
    }
    if live:
        return context
    return context | {
        "credentials": traffic.credentials(connection, manifest),
        "limits": words.limits(manifest),
        "reads": (
            []
            if row.status in ("draft", "retired")
            else reads.reads(connection, manifest, row.feed.cursor if row.feed else None)
        ),
        "playbooks": held.playbooks_of(connection.slug),
        "sign_ins": reads.sign_ins(connection),
        "drifts": drifts.drifts(connection.pk) if row.feed else None,
        "who_operates": who_may("connections.operate"),
        "may_change": may(request.user, "connections.change"),
        "who_changes": who_may("connections.change"),
        "draft": connection.state == ConnectionState.DRAFT,
        "retired": connection.state == ConnectionState.RETIRED,
        "waits": waiting_for(connection),
        "ending": _ending(connection, manifest),
        "setup": (
            standing_of(connection, manifest) if connection.state == ConnectionState.DRAFT else None
        ),
        "has_test": manifest.can(Capability.PROBE),
        "hook": _hook(request, connection, manifest) if may_operate else "",
        "pause_form": PauseForm(),
        "until_choices": UNTIL,
        "switches": switches.panel(connection) if may(request.user, "sandbox.operate") else None,
        **_forms(row, manifest, context["at"]),
    }


def _forms(row: Row, manifest: Manifest, at: datetime) -> dict[str, Any]:
    if row.health is None:
        return {}
    gate = row.health.gate
    window = window_of(gate, row.health.window_note)
    return {
        "limits_form": LimitsForm(manifest, initial=limits_of(gate)),
        "window_form": WindowForm(initial=window),
        "has_window": bool(window),
        "weekly_form": WeeklyForm(initial={"zone": row.connection.zone}),
        "weekly": weekly_of(row.connection, at=at),
        "zone_words": f"In your zone, {timezone.get_current_timezone_name()}",
    }


def _ending(connection: Connection, manifest: Manifest) -> list[dict[str, Any]]:
    labels = {one.name: one.label for one in manifest.secrets}
    today = clock.now().date()
    return [
        {"label": labels.get(name, name), "on": day, "over": day <= today}
        for name, day in ending(connection)
    ]


def _hook(request: HttpRequest, connection: Connection, manifest: Manifest) -> str:
    """Where webhooks are sent, when the connector takes signed ones."""
    if manifest.signature is None:
        return ""
    path = reverse("api:hook", args=[connection.public_id])
    # Behind a proxy the outside address is the one that people use.
    secure = request.is_secure() or not settings.REVOPS_ALLOW_LOOPBACK
    return f"{'https' if secure else 'http'}://{request.get_host()}{path}"

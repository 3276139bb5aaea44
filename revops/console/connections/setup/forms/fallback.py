"""Where a connection's messages go while it is stopped: two fields of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from connectors.manifest import Manifest
from connectors.models import Connection, ConnectionState
from connectors.registry import ConnectorUnknown
from revops.pipeline.fallback import able

LONGEST: Final = 24 * 60
USUAL: Final = 15


def fields(manifest: Manifest, *, own: str) -> dict[str, forms.Field]:
    """None for a connector that takes no messages; ``own`` is the slug of the connection."""
    if not able(manifest.slug):
        return {}
    return {
        "fallback": forms.ChoiceField(
            label="Notices, while it is stopped", required=False,
            choices=[("", "wait for it"), *_others(own)],
            help_text="In a chat only their kind, for whom and where is told, unless they are for "
            "the chat.",
        ),
        "fallback_after": forms.IntegerField(
            label="Once stopped for, in minutes", min_value=1, max_value=LONGEST, initial=USUAL,
            required=False,
            error_messages={
                "invalid": "Type a whole number.", "min_value": "Type 1 or more.",
                "max_value": f"Type at most {LONGEST:,}: that is a day.",
            },
        ),
    }  # fmt: skip


def chosen(cleaned: Mapping[str, Any]) -> tuple[str, int] | None:
    """The slug (blank: notices wait) and minutes; None where the form does not ask."""
    if "fallback" not in cleaned:
        return None
    return cleaned["fallback"], cleaned.get("fallback_after") or USUAL


def _others(own: str) -> list[tuple[str, str]]:
    live = Connection.objects.filter(state=ConnectionState.LIVE).exclude(slug=own)
    return [(one.slug, f"go by {one}") for one in live.order_by("label") if _able(one)]


def _able(connection: Connection) -> bool:
    try:
        return able(connection.connector)
    except ConnectorUnknown:
        return False

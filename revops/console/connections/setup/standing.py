"""How far the setting up of a connection is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from approvals.models import ApprovalRequest, State
from connectors.manifest import Manifest
from connectors.models import Connection, Secret
from revops.audit.models import Event
from revops.console.connections.setup import operations
from revops.kernel import clock, strict_json

SOON: Final = timedelta(days=21)
# What makes an earlier test worthless.
_CHANGES: Final = ("connections.add", "connections.change", "connections.secret")


@dataclass(frozen=True, slots=True)
class Standing:
    """
    ``missing`` are labels of secrets without a value, ``tested`` when a test last passed with what
    is there now, ``waits`` the request that another administrator has to decide.
    """

    missing: Sequence[str]
    tested: datetime | None
    waits: ApprovalRequest | None
    agreed: bool

    @property
    def left(self) -> str:
        if self.waits:
            return "waits for another administrator"
        return "next: its credentials" if self.missing else "next: test it, then use it"


def standing_of(connection: Connection, manifest: Manifest) -> Standing:
    return Standing(
        missing=operations.missing(connection, manifest),
        tested=_tested(connection.slug),
        waits=waiting_for(connection),
        agreed=connection.agreed_url == connection.base_url,
    )


def waiting_for(connection: Connection) -> ApprovalRequest | None:
    """What is asked for about it and not decided."""
    return ApprovalRequest.objects.filter(
        subject=operations.SUBJECT, subject_id=str(connection.pk), state=State.WAITING
    ).first()


def ending(connection: Connection) -> list[tuple[str, date]]:
    """(name, day) of secrets in use that their system soon takes no more, or not even now."""
    now = clock.now()
    found = Secret.objects.filter(
        connection=connection, ends_on__lte=now.date() + SOON, valid_to__isnull=True
    )
    return [(one.name, one.ends_on) for one in found if one.ends_on]


def _tested(slug: str) -> datetime | None:
    latest = (
        Event.objects.filter(
            kind="connection", reference=slug, action__in=("connections.test", *_CHANGES)
        )
        .order_by("-seq")
        .first()
    )
    if latest is None or latest.action != "connections.test" or not latest.detail:
        return None
    found = strict_json.loads(latest.detail)
    passed = isinstance(found, dict) and (found.get("after") or {}).get("passed") is True
    return latest.ts if passed else None

"""What is read from a system, how far it is read, and how it is signed in to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q

from connectors.manifest import Manifest
from connectors.models import AccessToken, Connection
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.store import sql

_LISTS: Final = """
SELECT kind.name AS kind, latest.state, latest.began_at, latest.ended_at, latest.starts,
    latest.ends, latest.rows, latest.error, good.ended_at AS good_at
FROM unnest(%(kinds)s::text[]) WITH ORDINALITY AS kind (name, place)
LEFT JOIN LATERAL (
    SELECT state, began_at, ended_at, starts, ends, rows, error FROM reconciliation_load
    WHERE connection_id = %(connection)s AND kind = kind.name ORDER BY id DESC LIMIT 1
) latest ON true
LEFT JOIN LATERAL (
    SELECT ended_at FROM reconciliation_load
    WHERE connection_id = %(connection)s AND kind = kind.name AND state = 'done'
    ORDER BY id DESC LIMIT 1
) good ON true
ORDER BY kind.place
"""
_IRREGULAR: Final = {
    "company": "Companies",
    "opportunity": "Opportunities",
    "bank": "Bank lines",
    "tax": "Tax documents",
}


@dataclass(frozen=True, slots=True)
class Read:
    """
    One kind of thing that is read. ``reach`` is the range of days that was listed, None for events
    and for what was not listed yet; ``problem`` says why the latest reading failed.
    """

    label: str
    how: str
    at: datetime | None
    next_at: datetime | None
    found: int | None
    reach: tuple[date, date] | None
    problem: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """
    A token that was brought. ``ends_at`` is None when it does not hold, or the system does not say
    until when; ``refused`` is why no newer one was given.
    """

    holds: bool
    ends_at: datetime | None
    refused: str
    again_at: datetime | None


def reads(connection: Connection, manifest: Manifest, cursor: SourceCursor | None) -> list[Read]:
    """Events first, then each list. One query, none where nothing is listed."""
    found = []
    if cursor is not None:
        found.append(
            Read(
                "Events", "polled", cursor.polled_at, cursor.next_at, cursor.found, None,
                cursor.problem,
            )
        )  # fmt: skip
    if manifest.lists:
        values = {"kinds": list(manifest.lists), "connection": connection.pk}
        found += [_list(row) for row in sql.rows(_LISTS, values)]
    return found


def sign_ins(connection: Connection) -> Sequence[SignIn]:
    """The newest first; none for systems whose credentials are sent with each call."""
    now = clock.now()
    held = (
        AccessToken.objects.filter(connection=connection)
        .annotate(brought=~Q(ciphertext=b""))
        .order_by("-changed_at")
        .values("brought", "ends_at", "failure", "rest_until")
    )
    return [
        SignIn(
            bool(one["brought"]) and (one["ends_at"] is None or one["ends_at"] > now),
            one["ends_at"] if one["ends_at"] and one["ends_at"] > now else None,
            _refused(one["failure"]),
            one["rest_until"] if one["rest_until"] and one["rest_until"] > now else None,
        )
        for one in held[:1]
    ]


def _list(row: Any) -> Read:
    return Read(
        label=_IRREGULAR.get(row.kind, f"{row.kind.replace('_', ' ').capitalize()}s"),
        how="being listed" if row.state == "running" else "listed to compare",
        at=row.good_at,
        next_at=None,
        found=row.rows if row.state == "done" else None,
        reach=(row.starts, row.ends) if row.starts else None,
        problem="The latest listing failed." if row.state == "failed" else "",
    )


def _refused(failure: Mapping[str, Any]) -> str:
    return str(failure.get("reason") or failure.get("code") or "") if failure else ""

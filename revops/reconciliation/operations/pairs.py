"""Which checks run between which systems: what is configured decides, nobody has to say it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from django.db import transaction

from connectors import registry as connectors
from connectors.models import Connection, ConnectionState
from revops.reconciliation.checks import registry
from revops.reconciliation.checks.base import Check, Side
from revops.reconciliation.models import Pair
from revops.store import sql

# What is loaded there is the business of every legal entity; nothing has to say so.
_OF_ALL: Final = frozenset({"warehouse"})
_ENTITIES: Final = """
SELECT entity.id FROM mappings_legalentity entity
WHERE NOT EXISTS (
    SELECT 1 FROM unnest(%s::bigint[]) AS asked (id)
    WHERE NOT EXISTS (SELECT 1 FROM mappings_entitymap map
            WHERE map.connection_id = asked.id AND map.legal_entity_id = entity.id)
        AND NOT EXISTS (SELECT 1 FROM mappings_erproute route
            WHERE route.connection_id = asked.id AND route.legal_entity_id = entity.id)
        AND NOT EXISTS (SELECT 1 FROM reconciliation_holding held
            WHERE held.connection_id = asked.id AND held.legal_entity_id = entity.id))
ORDER BY entity.code
"""


@transaction.atomic
def sync() -> Sequence[Pair]:
    """
    Pairs as the connections are now: new ones are made, those whose system can no longer list what
    is compared are switched off and keep their history. The ones that are switched on, by check.
    """
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('reconciliation.pairs', 0))")
    live = _live()
    wanted = {place: None for check in registry.all() for place in _places(check, live)}
    known = {(pair.check_slug, pair.left_id, pair.right_id): pair for pair in Pair.objects.all()}
    Pair.objects.bulk_create(
        Pair(check_slug=slug, left_id=left, right_id=right)
        for slug, left, right in wanted
        if (slug, left, right) not in known
    )
    gone = [pair.pk for place, pair in known.items() if place not in wanted and pair.enabled]
    back = [pair.pk for place, pair in known.items() if place in wanted and not pair.enabled]
    Pair.objects.filter(pk__in=gone).update(enabled=False)
    Pair.objects.filter(pk__in=back).update(enabled=True)
    return list(
        Pair.objects.filter(enabled=True).select_related("left", "right").order_by("check_slug")
    )


def possible() -> Sequence[tuple[Check, int | None, int | None]]:
    """What could be compared of what is connected, with its connections; reads only."""
    live = _live()
    return [
        (check, left, right) for check in registry.all() for _, left, right in _places(check, live)
    ]


def entities_of(pair: Pair) -> Sequence[int]:
    """The legal entities whose business both sides hold; all of them where both are ours."""
    asked = [
        side.pk for side in (pair.left, pair.right)
        if side is not None and _role(side) not in _OF_ALL
    ]  # fmt: skip
    return [row.id for row in sql.rows(_ENTITIES, (asked,))]


def _role(connection: Connection) -> str:
    manifest = connectors.all_manifests().get(connection.connector)
    return manifest.role if manifest else ""


def _live() -> Sequence[Connection]:
    return list(Connection.objects.filter(state=ConnectionState.LIVE).order_by("pk"))


def _places(
    check: Check, live: Sequence[Connection]
) -> Iterator[tuple[str, int | None, int | None]]:
    left, right = _can_stand(check.left, live), _can_stand(check.right, live)
    for one in left:
        for other in right:
            # Two lists of one role are two lists of one system.
            if check.left.role != check.right.role or one == other or not check.left.role:
                yield check.slug, one, other


def _can_stand(side: Side, live: Sequence[Connection]) -> Sequence[int | None]:
    if not side.role:
        return [None]
    manifests = connectors.all_manifests()
    return [
        connection.pk
        for connection in live
        if (manifest := manifests.get(connection.connector)) is not None
        and manifest.role == side.role
        and side.kind in manifest.lists
    ]

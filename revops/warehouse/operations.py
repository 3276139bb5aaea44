"""
Asking for what changed to be loaded.

A row counts once its stamp is older than ``SETTLED`` and than every transaction that is writing
now: none of them can then still bring an older one. So nothing is passed over, and nothing is asked
for twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import structlog

from connectors import registry
from connectors.facts import FACTS
from connectors.models import Connection, ConnectionState
from revops.delivery.operations import Order, enqueue
from revops.kernel import clock, correlation, strict_json
from revops.kernel.keys import sha256
from revops.mappings.models import LegalEntity
from revops.store import sql
from revops.warehouse import facts
from revops.warehouse.models import Progress

log = structlog.get_logger(__name__)

KIND: Final = "warehouse.rows"
DOCUMENT: Final = "warehouse.rows"
SETTLED: Final = timedelta(seconds=120)
# Records in a slice, and rows in one command: lines of many invoices make several commands.
SLICE: Final = 2_000
LARGEST: Final = 500
# A command's payload, unless a single row is larger: warehouses take statements of so much.
LARGEST_TEXT: Final = 256 * 1024
_BUDGET_S: Final = 20.0
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def warehouses() -> list[Connection]:
    """Those in use."""
    able = [slug for slug, one in registry.all_manifests().items() if KIND in one.accepts]
    return [*Connection.objects.filter(connector__in=able, state=ConnectionState.LIVE)]


def load_all(*, budget_s: float = _BUDGET_S) -> set[int]:
    """Ask for what is due everywhere. Says which connections got commands."""
    return {connection.pk for connection in warehouses() if load(connection, budget_s=budget_s)}


def load(connection: Connection, *, budget_s: float = _BUDGET_S) -> int:
    """How many records were asked to be loaded; what the budget leaves is for the next look."""
    until = time.monotonic() + budget_s
    total = 0
    for fact in FACTS:
        while (moved := _slice(connection, fact)) and time.monotonic() < until:
            total += moved
        total += moved
        if time.monotonic() >= until:
            break
    if total:
        log.info("warehouse.asked", connection=connection.slug, records=total)
    return total


def _slice(connection: Connection, fact: str) -> int:
    """One slice of records and where it ends, in one transaction; 0 when nothing is due."""
    with sql.atomic():
        progress, _ = Progress.objects.get_or_create(
            connection=connection, fact=fact, defaults={"through": _BEGINNING}
        )
        progress = Progress.objects.select_for_update().get(pk=progress.pk)
        horizon = _horizon()
        page = sql.rows(
            facts.page(fact, most=SLICE),
            (progress.through, progress.through, progress.last_id, horizon),
        )
        if not page:
            return 0
        found = sql.rows(facts.told(fact), ([record.id for record in page],))
        hidden = () if connection.parameters.get("personal") else facts.PERSONAL[fact]
        enqueue([*_orders(connection, fact, found, hidden)])
        progress.through, progress.last_id = page[-1].stamp, page[-1].id
        progress.rows += len(found)
        progress.moved_at = clock.now()
        progress.save()
        return len(page)


# Sessions of other database logins hide when they began; ``SETTLED`` alone holds for those. The
# server's own, which gather statistics, write none of our rows.
_WRITING: Final = """
SELECT min(xact_start) AS since FROM pg_stat_activity
WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
"""


def _horizon() -> datetime:
    row = sql.one(_WRITING)
    latest = clock.now() - SETTLED
    return min(latest, row.since - timedelta(seconds=1)) if row and row.since else latest


def _orders(
    connection: Connection, fact: str, found: Sequence[Any], hidden: Sequence[str]
) -> Iterator[Order]:
    """Of one legal entity each: a command belongs to somebody's books."""
    entities = dict(LegalEntity.objects.values_list("code", "pk"))
    by_entity: dict[str, list[Any]] = {}
    for row in found:
        by_entity.setdefault(row.legal_entity, []).append(row)
    names = [column.name for column in FACTS[fact].columns]
    for code, mine in by_entity.items():
        for start in range(0, len(mine), LARGEST):
            part = [_told(row, names, hidden) for row in mine[start : start + LARGEST]]
            for rows, payload in _payloads({"fact": fact, "legal_entity": code}, part):
                yield Order(
                    connection_id=connection.pk,
                    lane=connection.slug[:24],
                    legal_entity_id=entities[code],
                    legal_entity=code,
                    document_type=DOCUMENT,
                    business_key=f"{fact}:{rows[0]['id']}-{rows[-1]['id']}:{sha256(payload)[:24]}",
                    revision=1,
                    kind=KIND,
                    payload=payload,
                    subject_kind="warehouse",
                    subject_id=connection.pk,
                    currency="",
                    amount=0,
                    period_code="",
                    correlation_id=correlation.new_id(),
                )


def _payloads(
    about: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Sequence[Mapping[str, Any]], str]]:
    """Rows with the text that carries them, parted where that would be too long."""
    payload = strict_json.dumps({**about, "rows": rows})
    if len(payload.encode()) <= LARGEST_TEXT or len(rows) == 1:
        yield rows, payload
        return
    half = len(rows) // 2
    yield from _payloads(about, rows[:half])
    yield from _payloads(about, rows[half:])


def _told(row: Any, names: Sequence[str], hidden: Sequence[str]) -> Mapping[str, Any]:
    return {name: None if name in hidden else _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else value

"""
``/healthz`` and ``/readyz``: for load balancers, supervisors and whoever is on call.

They need no token, so they carry no amounts, no ids of customers, no addresses and no secrets: the
connections by their slug, how long work waits, and what a gate does in words.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import redis
import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from accounts.policy import open_door
from revops.api.problems import CANNOT_STORE
from revops.delivery import gate, gates
from revops.delivery.decide import LIVE
from revops.delivery.models import Gate
from revops.events.models import LIVE_INBOX
from revops.pipeline.models import Heartbeat
from revops.pipeline.standstill import SILENT
from revops.store import rows, sql

log = structlog.get_logger(__name__)

BROKER_TIMEOUT: Final = 0.5

_DUE: Final = """
SELECT connection.slug, waiting.what, waiting.count, waiting.oldest,
    greatest(0, extract(epoch FROM now() - waiting.oldest))::bigint AS seconds
FROM (
    SELECT connection_id, 'inbound' AS what, count(*) AS count, min(next_at) AS oldest
    FROM events_inboundevent
    WHERE state = ANY(%(inbox)s) AND next_at <= now() GROUP BY connection_id
    UNION ALL
    SELECT connection_id, 'outbound', count(*), min(next_at)
    FROM delivery_outboundcommand
    WHERE state = ANY(%(live)s) AND next_at <= now() GROUP BY connection_id
) AS waiting
JOIN connectors_connection connection ON connection.id = waiting.connection_id
ORDER BY connection.slug, waiting.what
"""


@open_door("says only that the process answers")
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process can answer at all. No database, no broker."""
    return JsonResponse({"status": "ok", "process": os.getpid()})


@open_door("no amounts, no names, no secrets")
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """
    200 when this process can store what comes in: the database answers and is migrated.

    A silent broker or sweeper is told and does not make it 503: work is kept and done later, and a
    web process that is taken out for it could not even take webhooks.
    """
    checks: dict[str, dict[str, Any]] = {}
    for name, check in (("database", _database), ("migrations", _migrations)):
        checks[name] = _tried(check)
    ready = all(check["ok"] for check in checks.values())
    checks["broker"] = _tried(_broker)
    body: dict[str, Any] = {"status": "ready" if ready else "not ready", "checks": checks}
    if ready:
        checks["sweeper"] = _tried(_sweeper)
        with rows.behind_the_door():
            body["queues"] = queues()
        body["gates"] = _gates()
        if not all(check["ok"] for check in checks.values()):
            body["status"] = "degraded"
    return JsonResponse(body, status=200 if ready else 503)


def _tried(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return check()
    except (*CANNOT_STORE, redis.RedisError, OSError) as error:
        # Error texts of drivers name hosts and users; the log may, the answer may not.
        log.warning("readyz.failed", check=check.__name__, error=str(error))
        return {"ok": False, "problem": type(error).__name__}


def _database() -> dict[str, Any]:
    row = sql.one("SELECT current_setting('transaction_read_only')::bool AS read_only")
    if row is None or row.read_only:
        return {"ok": False, "problem": "The database takes no writes."}
    return {"ok": True}


_applied: set[str] = set()


def _migrations() -> dict[str, Any]:
    # Once applied they stay applied for the life of this code, so the graph is read only once.
    if connection.alias in _applied:
        return {"ok": True}
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return {"ok": False, "problem": f"{len(missing)} migrations are not applied."}
    _applied.add(connection.alias)
    return {"ok": True}


def _broker() -> dict[str, Any]:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=BROKER_TIMEOUT, socket_connect_timeout=BROKER_TIMEOUT
    )
    with client:
        client.ping()
    return {"ok": True}


def _sweeper() -> dict[str, Any]:
    swept = Heartbeat.objects.filter(name="sweeper").values_list("at", flat=True).first()
    age = _age(swept)
    if age is None:
        return {"ok": False, "problem": "No sweep yet."}
    return {"ok": age <= SILENT.total_seconds(), "seconds_ago": age}


def _age(at: datetime | None) -> int | None:
    row = sql.one("SELECT extract(epoch FROM now() - %s)::bigint AS seconds", (at,))
    return None if at is None or row is None else max(0, row.seconds)


def queues() -> list[dict[str, Any]]:
    """What is due and how long the oldest of it has been, by connection and direction."""
    found = sql.rows(
        _DUE,
        {
            "inbox": [state.value for state in LIVE_INBOX],
            "live": [state.value for state in LIVE],
        },
    )
    return [
        {
            "connection": row.slug,
            "direction": row.what,
            "due": row.count,
            "oldest_seconds": row.seconds,
        }
        for row in found
    ]


def _gates() -> list[dict[str, str]]:
    slugs = Gate.objects.order_by("connection__slug").values_list(
        "connection_id", "connection__slug"
    )
    return [{"connection": slug, "gate": _gate_words(id)} for id, slug in slugs]


def _gate_words(connection_id: int) -> str:
    row, now = gates.read(connection_id)
    _, allowance = gate.allow(row, now=now, most=1)
    if allowance.count == 0:
        return f"{allowance.why}: {row.story}" if row.story else allowance.why
    if row.breaker is not gate.Breaker.CLOSED:
        return f"on trial: {row.story}"
    return "slow start" if row.slow_start else "healthy"

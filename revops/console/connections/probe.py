"""*Test connection*: the connector's own read-only calls, step by step in words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.core.cache import cache
from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from connectors.contract import CallFailed, ProbeStep
from connectors.http import NotSent, Unanswered
from connectors.manifest import Capability
from connectors.models import Connection
from connectors.vault import SecretUnreadable
from revops.audit.operations import record, recorded
from revops.console.connections.operations import ActRefused
from revops.kernel import clock
from revops.pipeline import sources
from revops.pipeline.sources import Source

log = structlog.get_logger(__name__)

# Somebody looks at the page meanwhile, and one of few web threads waits with them.
LONGEST_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Tested:
    """What a test found; ``took`` in milliseconds."""

    steps: Sequence[ProbeStep]
    at: datetime
    took: int

    @property
    def passed(self) -> bool:
        return bool(self.steps) and all(step.passed for step in self.steps)


@recorded
def run(*, slug: str, by: User) -> Tested:
    """
    Run the test now, at most LONGEST_S seconds; never call this inside a transaction.

    What a system or network does is a failed step. Raises NotAllowed, Connection.DoesNotExist, and
    ActRefused when the connector has no test or somebody else's is under way.
    """
    by = authorize(by, "connections.operate")
    connection = Connection.objects.get(slug=slug)
    running = f"connections:test:{connection.pk}"
    if not cache.add(running, by.pk, timeout=round(LONGEST_S) + 5):
        raise ActRefused(f"A test of {connection} is under way: wait for it to end.")
    try:
        at, started = clock.now(), time.monotonic()
        steps = _steps(connection)
        took = round((time.monotonic() - started) * 1000)
    finally:
        cache.delete(running)
    passed = all(step.passed for step in steps)
    with transaction.atomic():
        record(
            "connections.test", by=actor_of(by), kind="connection", reference=slug,
            label=str(connection), after={"passed": passed},
        )  # fmt: skip
    log.info("connections.tested", connection=slug, by=by.pk, passed=passed)
    return Tested(steps, at, took)


def _steps(connection: Connection) -> Sequence[ProbeStep]:
    try:
        source = sources.by_id(connection.pk)
    except SecretUnreadable:
        return [ProbeStep("The credentials open", False, "None of the configured keys opens them.")]
    if not source.manifest.can(Capability.PROBE):
        raise ActRefused(f"{source.manifest.label} has no test.")
    try:
        return asyncio.run(_probe(source))
    except NotSent as error:
        return [ProbeStep("The address may be called", False, error.reason)]
    except (CallFailed, Unanswered) as error:
        return [ProbeStep("The system answers", False, error.reason)]
    except TimeoutError:
        limit = f"No answer within {LONGEST_S:.0f} seconds."
        return [ProbeStep("The system answers in time", False, limit)]
    except Exception:
        # A connector must not raise anything else; when one does, the page still says so.
        log.exception("connections.test_failed", connection=source.slug)
        return [ProbeStep("The test itself", False, "The connector failed while it was testing.")]


async def _probe(source: Source) -> Sequence[ProbeStep]:
    async with asyncio.timeout(LONGEST_S), sources.client_of(source) as client:
        steps: Sequence[ProbeStep] = await source.connector.probe(client, source.settings)
        return steps

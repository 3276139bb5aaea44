"""Send what is due to one connection: ``delivery`` does it, ``outcomes`` tells what came of it."""

from __future__ import annotations

from django.conf import settings

from connectors.manifest import Capability
from revops.delivery.drain import Drain, Target
from revops.pipeline import sources
from revops.pipeline.outcomes import tell


def target_of(connection_id: int) -> Target | None:
    """The connection as a target, or None when it takes no commands."""
    source = sources.by_id(connection_id)
    if not source.manifest.can(Capability.COMMANDS):
        return None
    return Target(
        connection_id=source.id,
        sink=source.connector,
        settings=source.settings,
        manifest=source.manifest,
        open_client=lambda: sources.client_of(source),
        lease=settings.REVOPS_LEASE,
        settle_scale=settings.REVOPS_SETTLE_SCALE,
    )


def drain(connection_id: int, *, drainer: str, seconds: float, linger: float) -> int:
    """How many commands were worked on."""
    target = target_of(connection_id)
    if target is None:
        return 0
    return Drain(target, drainer=drainer, told=tell).run(seconds=seconds, linger=linger)

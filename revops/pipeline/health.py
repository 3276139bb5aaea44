"""The sweeper's look around: its own heartbeat, and cases that grow while they wait."""

from __future__ import annotations

from django.db.models import Q
from django.db.models.functions import Now

from connectors.models import Connection
from revops.delivery import gates
from revops.delivery.gate import Breaker
from revops.delivery.models import Gate
from revops.pipeline import sources
from revops.pipeline.models import Heartbeat
from revops.pipeline.outcomes import health_of
from revops.store import sql


def look() -> None:
    """Note that a sweeper lives, and refresh the case of every target that does not answer."""
    Heartbeat.beat("sweeper")
    shut = ~Q(breaker=Breaker.CLOSED.value) | Q(not_before__gt=Now())
    for gate in Gate.objects.filter(shut).only("connection_id"):
        try:
            source = sources.by_id(gate.connection_id)
        except Connection.DoesNotExist:
            continue
        with sql.atomic():
            row, now = gates.read(gate.connection_id)
            health_of(source.id, source.slug, source.manifest.label, row, now)

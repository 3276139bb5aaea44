"""The regular look at what is snoozed."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from exceptions.operations.waking import wake_due
from revops.kernel import clock


@shared_task
def wake(**_later: object) -> None:
    """Bring back what has slept long enough, or got worse."""
    close_old_connections()
    wake_due(at=clock.now())

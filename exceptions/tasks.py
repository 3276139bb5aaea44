"""The regular look at what is snoozed, and at what somebody waits for."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from exceptions.operations.waking import wake_due
from exceptions.operations.watching import tell_of_due
from revops.kernel import clock


@shared_task
def wake(**_later: object) -> None:
    """Bring back what has slept long enough, or got worse; tell who waits for what is due."""
    close_old_connections()
    wake_due(at=clock.now())
    tell_of_due(at=clock.now())

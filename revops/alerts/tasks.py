"""The regular look at what alerts are about."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from revops.alerts.operations.watching import look


@shared_task
def watch(**_later: object) -> None:
    """Whatever began or ended, found in the database."""
    close_old_connections()
    look()

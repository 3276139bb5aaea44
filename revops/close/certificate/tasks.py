"""The regular look at certificates that stand."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from revops.close.certificate.operations import look_at_all


@shared_task
def look(**_later: object) -> None:
    """Suspends those behind which something has changed."""
    close_old_connections()
    look_at_all()

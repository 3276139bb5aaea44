"""The regular sample."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from revops.measures.operations.sampling import sample


@shared_task
def measure(**_later: object) -> None:
    """What the hour was so far."""
    close_old_connections()
    sample()

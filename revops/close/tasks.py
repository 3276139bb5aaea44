"""The hourly look at every close."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from revops.close.operations.sampling import look


@shared_task
def watch(**_later: object) -> None:
    """Whatever is due, found in the database."""
    close_old_connections()
    look()

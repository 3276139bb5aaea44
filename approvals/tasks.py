"""The beat's look at requests that are late or over. What is due is in the database, not here."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from approvals import operations


@shared_task
def watch(**_later: object) -> None:
    """Escalate and expire what is due."""
    close_old_connections()
    operations.watch()

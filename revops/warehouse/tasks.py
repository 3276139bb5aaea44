"""The regular look at what warehouses do not have yet."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from revops.pipeline import wake
from revops.warehouse import operations


@shared_task
def load(**_later: object) -> None:
    """Whatever is due, found in the database; what is lost here is found by the next look."""
    close_old_connections()
    for connection_id in sorted(operations.load_all()):
        wake.delivery(connection_id)

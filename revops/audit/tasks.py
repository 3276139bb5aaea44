"""The hourly anchor. The daily verification is the line's, as a bad outcome is a case."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.db import close_old_connections

from revops.audit import keeping

log = structlog.get_logger(__name__)


@shared_task
def anchor() -> None:
    """Sign where the trail stands and keep that outside of the database."""
    close_old_connections()
    try:
        path = keeping.anchor()
    except keeping.TrailWasCut as error:
        log.critical("audit.cut", why=str(error))
        return
    if path is not None:
        log.info("audit.anchored", file=path.name)

"""The regular looks: what was asked for, what is open, and everything once a night."""

from __future__ import annotations

from typing import Final

from celery import shared_task
from django.db import close_old_connections

from revops.reconciliation.operations import runs, watching

_SECONDS: Final = 20.0
# A long list takes its time.
_LIMIT: Final = 3_600


@shared_task(time_limit=_LIMIT, soft_time_limit=_LIMIT - 100)
def work(**_later: object) -> None:
    """Runs that were asked for, one after the other, for some seconds."""
    close_old_connections()
    runs.work(seconds=_SECONDS)


@shared_task(time_limit=_LIMIT, soft_time_limit=_LIMIT - 100)
def reconcile_open_periods(**_later: object) -> None:
    """What changed in the open periods, as often as ``watching`` says."""
    close_old_connections()
    watching.look()


@shared_task
def reconcile_all(**_later: object) -> None:
    """Ask for a full run of all that is not closed."""
    close_old_connections()
    watching.look_at_all()

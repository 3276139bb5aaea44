"""The regular look for jobs that are due."""

from __future__ import annotations

import time
from typing import Final

from celery import shared_task
from django.db import close_old_connections

from revops.jobs.operations import advance

_SECONDS: Final = 10.0


@shared_task
def work(**_later: object) -> None:
    """Slice after slice, for some seconds or until nothing is due."""
    close_old_connections()
    until = time.monotonic() + _SECONDS
    while advance() and time.monotonic() < until:
        pass

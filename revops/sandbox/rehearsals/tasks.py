"""The regular look for the rehearsal that is due, in a demo only (revops/settings/local.py)."""

from __future__ import annotations

import time
from typing import Final

from celery import shared_task
from django.conf import settings
from django.db import close_old_connections

from revops.sandbox.rehearsals.operations import advance

_SECONDS: Final = 10.0


@shared_task
def work(**_later: object) -> None:
    """Step after step, for some seconds or until nothing is due."""
    if not settings.REVOPS_DEMO:
        return
    close_old_connections()
    until = time.monotonic() + _SECONDS
    while advance() and time.monotonic() < until:
        pass

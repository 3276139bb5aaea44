"""A worker process for drills: takes the line and the deliveries forward, and ends."""

from __future__ import annotations

import os
import time

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from connectors.models import Connection  # noqa: E402  needs Django to be set up
from revops.pipeline import process, send  # noqa: E402  needs Django to be set up
from revops.sandbox import company  # noqa: E402  needs Django to be set up


def work(*, seconds: float, name: str, crash_at: str, marker: str) -> None:
    """For so long, or until it is killed at ``crash_at``."""
    os.environ |= {"REVOPS_CRASH_AT": crash_at, "REVOPS_CRASH_MARKER": marker}
    source = Connection.objects.get(slug=company.STRIPE)
    erp = Connection.objects.get(slug=company.ERP)
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        process.advance(source.pk, seconds=1, linger=0)
        send.drain(erp.pk, drainer=name, seconds=1, linger=0)
        time.sleep(0.05)

"""
The Celery application. It carries wake-ups and nothing else: no due time, retry or result.

What is due, and when, is in PostgreSQL; a lost broker costs latency only (docs/adr/0002).
"""

from __future__ import annotations

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings.local")

app = Celery("revops")
app.conf.update(settings.CELERY)

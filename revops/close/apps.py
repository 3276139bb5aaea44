from __future__ import annotations

from django.apps import AppConfig


class CloseConfig(AppConfig):
    name = "revops.close"
    label = "close"

from __future__ import annotations

from django.apps import AppConfig


class LineageConfig(AppConfig):
    name = "revops.lineage"
    label = "lineage"

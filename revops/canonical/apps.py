from __future__ import annotations

from django.apps import AppConfig


class CanonicalConfig(AppConfig):
    name = "revops.canonical"
    label = "canonical"

from __future__ import annotations

from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "revops.usage"
    label = "usage"

    def ready(self) -> None:
        from revops.web import nav

        nav.declare(
            nav.Item("Usage", "usage:accounts", "usage.view", group=nav.WATCH, order=30, key="u")
        )

from __future__ import annotations

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "revops.alerts"
    label = "alerts"

    def ready(self) -> None:
        from revops.web import nav

        nav.declare(
            nav.Item("Alert rules", "alerts:list", "alerts.view", group=nav.SET_UP, order=30)
        )

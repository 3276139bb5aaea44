from __future__ import annotations

from django.apps import AppConfig


class MeasuresConfig(AppConfig):
    name = "revops.measures"
    label = "measures"

    def ready(self) -> None:
        from revops.web import nav

        nav.declare(
            nav.Item("Measures", "measures:page", "measures.view", group=nav.WATCH, order=50)
        )

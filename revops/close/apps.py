from __future__ import annotations

from django.apps import AppConfig


class CloseConfig(AppConfig):
    name = "revops.close"
    label = "close"

    def ready(self) -> None:
        from approvals import subjects
        from revops.close import retaining
        from revops.close.subject import CloseWaiver
        from revops.web import nav

        subjects.register(CloseWaiver())
        retaining.declare()
        nav.declare(
            nav.Item("Close", "close:period", "close.view", group=nav.WATCH, order=10, key="o"),
            nav.Item(
                "Evidence packs", "certificates:packs", "close.view", group=nav.EVIDENCE, order=20
            ),
        )

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class RehearsalsConfig(AppConfig):
    name = "revops.sandbox.rehearsals"
    label = "rehearsals"

    def ready(self) -> None:
        from revops.sandbox.rehearsals import kinds
        from revops.web import nav

        kinds.declare()
        if settings.REVOPS_DEMO:
            nav.declare(
                nav.Item(
                    "Rehearsals", "rehearsals:list", "rehearsals.view", group=nav.WORK, order=61
                )
            )

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "revops.jobs"
    label = "jobs"

    def ready(self) -> None:
        from revops.jobs.queries import tray_of
        from revops.web import tray

        tray.declare(tray_of)

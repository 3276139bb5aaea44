from __future__ import annotations

from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "revops.credits"
    label = "credits"

    def ready(self) -> None:
        from approvals import subjects
        from revops.credits import kinds
        from revops.credits.subject import ServiceCreditSubject

        subjects.register(ServiceCreditSubject())
        kinds.declare()

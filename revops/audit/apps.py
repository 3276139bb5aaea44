from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class AuditConfig(AppConfig):
    name = "revops.audit"
    label = "audit"

    def ready(self) -> None:
        from revops.audit.checks import can_sign

        register(can_sign, Tags.security, deploy=True)

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class AccountsConfig(AppConfig):
    name = "accounts"
    label = "accounts"

    def ready(self) -> None:
        from accounts.checks import fit_for_production, signed_in_as_little
        from accounts.queries import EMERGENCIES
        from revops.store import together

        together.declare("emergencies", EMERGENCIES)
        register(fit_for_production, Tags.security, deploy=True)
        register(signed_in_as_little, Tags.database, deploy=True)

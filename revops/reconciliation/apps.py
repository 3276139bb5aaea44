from __future__ import annotations

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "revops.reconciliation"
    label = "reconciliation"

    def ready(self) -> None:
        from approvals import subjects
        from revops.reconciliation import fixing, kinds, remedies
        from revops.reconciliation.reversing import ErpCorrection
        from revops.reconciliation.subjects import BreaksCarried, MatchDifference, RulesChange
        from revops.web import nav

        kinds.declare(remedies.declare())
        fixing.declare()
        subjects.register(MatchDifference(), BreaksCarried(), RulesChange(), ErpCorrection())
        nav.declare(
            nav.Item(
                "Reconciliation", "reconciliation:list", "reconciliation.view", group=nav.WORK,
                order=27, key="r",
            )
        )  # fmt: skip

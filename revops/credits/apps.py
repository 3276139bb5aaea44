from __future__ import annotations

from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "revops.credits"
    label = "credits"

    def ready(self) -> None:
        from approvals import subjects
        from revops.credits import kinds
        from revops.credits.otherwise import CreditOtherwise
        from revops.credits.reversal import CreditReversal
        from revops.credits.subject import ServiceCreditSubject
        from revops.credits.terms_change import TermsChange
        from revops.web import nav

        subjects.register(
            ServiceCreditSubject(), CreditReversal(), CreditOtherwise(), TermsChange()
        )
        kinds.declare()
        nav.declare(
            nav.Item("Credits", "credits:list", "credits.view", group=nav.WORK, order=25, key="c")
        )

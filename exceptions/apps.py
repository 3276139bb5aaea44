from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest


class ExceptionsConfig(AppConfig):
    name = "exceptions"
    label = "exceptions"

    def ready(self) -> None:
        from approvals import subjects
        from exceptions import bulk, filing
        from exceptions.closing import CaseClosing, CasesClosing
        from exceptions.correction import EventCorrection
        from exceptions.queries.totals import OPEN_CASES
        from exceptions.replaying import CasesReplay
        from revops.store import together
        from revops.web import nav

        def count(request: HttpRequest) -> tuple[int, str]:
            return nav.asked(request, "open_cases"), "crit"

        subjects.register(CaseClosing(), CasesClosing(), EventCorrection(), CasesReplay())
        together.declare("open_cases", OPEN_CASES)
        bulk.declare()
        filing.declare()
        nav.declare(
            nav.Item(
                "Exceptions", "exceptions:queue", "cases.view", group=nav.WORK, order=10, key="e",
                count=count,
            )
        )  # fmt: skip

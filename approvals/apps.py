from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest


class ApprovalsConfig(AppConfig):
    name = "approvals"
    label = "approvals"

    def ready(self) -> None:
        from accounts.models import User
        from approvals import subjects
        from approvals.policy_change import PolicyChange
        from approvals.queries import inbox
        from revops.store import together
        from revops.web import nav

        def count(request: HttpRequest) -> tuple[int, str]:
            if not isinstance(request.user, User):
                return 0, ""
            if not nav.asked(request, "approvals_wait"):
                return 0, ""
            number, late = inbox.count_for_me(request.user)
            return number, "crit" if late else ""

        together.declare("approvals_wait", inbox.ANY_WAITS)
        subjects.register(PolicyChange())
        nav.declare(
            nav.Item(
                "Approvals", "approvals:inbox", "approvals.view", group=nav.WORK, order=15,
                key="a", count=count,
            )
        )  # fmt: skip

from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest


class NoticesConfig(AppConfig):
    name = "revops.notices"
    label = "notices"

    def ready(self) -> None:
        from accounts.models import User
        from revops.notices.queries import UNREAD_COUNT
        from revops.store import together
        from revops.web import bell, nav

        def count(request: HttpRequest) -> int:
            return nav.asked(request, "unread") if isinstance(request.user, User) else 0

        together.declare("unread", UNREAD_COUNT)
        bell.declare("notices:list", count)

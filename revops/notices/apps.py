from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest


class NoticesConfig(AppConfig):
    name = "revops.notices"
    label = "notices"

    def ready(self) -> None:
        from accounts.models import User
        from revops.notices.queries import unread_count
        from revops.web import bell

        def count(request: HttpRequest) -> int:
            return unread_count(request.user) if isinstance(request.user, User) else 0

        bell.declare("notices:list", count)

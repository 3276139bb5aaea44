"""
Who is asking, on every request: the session and its person by two statements that are written once.
Django puts each of them together anew, which takes longer than the rest of what a request begins
with. Everything else of sessions and passwords is Django's.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from revops.store import sql
from revops.store.prepared import Prepared

_SESSION: Final = """
SELECT session_data, expire_date FROM django_session
WHERE session_key = %s AND expire_date > %s
"""
_COLUMNS: Final = tuple(field.attname for field in User._meta.concrete_fields)
_PERSON: Final = Prepared(lambda who: User.objects.filter(pk=who).values_list(*_COLUMNS), who=int)


class SessionStore(DatabaseStore):
    """``SESSION_ENGINE`` is this module."""

    def _get_session_from_db(self) -> Session | None:
        found = sql.tuples(_SESSION, (self.session_key, timezone.now()))
        if not found:
            self._session_key = None
            return None
        ((data, expires),) = found
        key = self.session_key or ""
        return Session(session_key=key, session_data=data, expire_date=expires)


class PasswordBackend(ModelBackend):
    """Signs in by password."""

    def get_user(self, user_id: Any) -> User | None:
        for row in _PERSON.rows(who=user_id):
            user = User.from_db("default", _COLUMNS, row)
            return user if self.user_can_authenticate(user) else None
        return None

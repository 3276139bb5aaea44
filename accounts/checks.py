"""What ``manage.py check --deploy`` refuses: conveniences of a demo, and missing keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections


def fit_for_production(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.REVOPS_DEMO:
        found.append(
            Error(
                "REVOPS_DEMO lists people and their password on the sign-in page.",
                hint="Unset REVOPS_DEMO.",
                id="accounts.E001",
            )
        )
    if settings.REVOPS_ALLOW_LOOPBACK:
        found.append(
            Error(
                "REVOPS_ALLOW_LOOPBACK lets a connection's address point into this machine.",
                hint="Unset REVOPS_ALLOW_LOOPBACK.",
                id="accounts.E002",
            )
        )
    if not settings.REVOPS_ENCRYPTION_KEYS:
        found.append(
            Error(
                "There is no key to seal connection secrets with.",
                hint="Set REVOPS_ENCRYPTION_KEYS to a key from cryptography's Fernet.generate_key.",
                id="accounts.E003",
            )
        )
    if settings.REVOPS_SECOND_FACTOR != "required":
        found.append(
            Error(
                "A password alone opens the console.",
                hint="Set REVOPS_SECOND_FACTOR=required, or unset it.",
                id="accounts.E005",
            )
        )
    return found


def signed_in_as_little(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Asked with ``--database default``: whether the console could rewrite what it may not."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper OR rolbypassrls OR EXISTS (SELECT 1 FROM pg_class "
            "WHERE relowner = pg_roles.oid AND relnamespace = 'public'::regnamespace) "
            "FROM pg_roles WHERE rolname = current_user"
        )
        (role, too_much) = cursor.fetchone()
    if not too_much:
        return []
    return [
        Warning(
            f"{role} owns tables of the console, or is above the rules of the database.",
            hint="Run “manage.py database_roles” and sign in as the roles that it prepares.",
            id="accounts.W004",
        )
    ]

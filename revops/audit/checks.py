"""What ``manage.py check --deploy`` refuses: an audit trail whose anchors nobody can sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from revops.audit.anchors import private_key


def can_sign(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    try:
        private_key()
    except ImproperlyConfigured as error:
        hint = "Set REVOPS_AUDIT_KEY to 32 random bytes in base64, and keep it out of the database."
        return [Error(str(error), hint=hint, id="audit.E001")]
    return []

"""Administrators are told before a connection's credential ends: its calls are refused then."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from accounts.roles import rule_of
from connectors import registry
from connectors.models import ConnectionState, Secret
from connectors.registry import ConnectorUnknown
from revops.kernel import clock
from revops.notices.models import Notice
from revops.notices.operations import tell
from revops.pipeline.hearing import holders

# Days before the end at which it is told, once each; 0 is the day on which it ended.
BEFORE: Final = (0, 1, 7, 14)
_MOST: Final = 200


def look_at_credentials() -> int:
    """
    Tell of secrets in use that their system takes no more within 14, 7 and 1 days, and when it has
    begun; how many people were told. A secret that a new one has replaced is not told of.
    """
    now = clock.now()
    today = now.date()
    ending = Secret.objects.select_related("connection").filter(
        connection__state=ConnectionState.LIVE,
        valid_to__isnull=True,
        ends_on__lte=today + timedelta(days=max(BEFORE)),
    )
    due = {}
    for secret in ending.order_by("ends_on")[:_MOST]:
        assert secret.ends_on is not None  # the condition asks for it
        left = (secret.ends_on - today).days
        days = next(number for number in BEFORE if left <= number)
        due[f"credential_ends:{secret.pk}:{days}"] = (secret, left)
    known = set(Notice.objects.filter(key__in=list(due)).values_list("key", flat=True))
    told = 0
    admins = holders(rule_of("connections.change").roles, at=now) if due else set()
    for key, (secret, left) in due.items():
        if key in known or not admins:
            continue
        label = _label(secret)
        when = f"ends in {left} day{'' if left == 1 else 's'}" if left > 0 else "has ended"
        told += tell(
            recipients=admins, kind="credential_ends",
            title=f"{label} of {secret.connection} {when}"[:200],
            text="Calls are refused without it. Get a new one from the system and type it here.",
            link=f"/connections/{secret.connection.slug}/credentials/", key=key,
        )  # fmt: skip
    return told


def _label(secret: Secret) -> str:
    try:
        known = registry.manifest(secret.connection.connector).secrets
    except ConnectorUnknown:
        return secret.name
    return next((one.label for one in known if one.name == secret.name), secret.name)

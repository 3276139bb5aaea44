"""Somebody says that they have taken an alert on; then nobody else is told of it."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.alerts.models import Alert, State
from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel import clock

_LONGEST: Final = 1_000


class AlertOver(Exception):
    """It has ended by itself; the message says so."""


@recorded
@transaction.atomic
def acknowledge(*, by: User, alert_id: int, note: str = "") -> Alert:
    """
    Take an alert on. One that somebody has taken on stays theirs.

    Raises NotAllowed, OutOfScope, AlertOver, Alert.DoesNotExist.
    """
    found = Alert.objects.select_related("rule", "legal_entity", "acknowledged_by")
    alert = found.select_for_update(of=("self",)).get(pk=alert_id)
    code = alert.legal_entity.code if alert.legal_entity else ""
    by = authorize(by, "alerts.acknowledge", entities=[code])
    if alert.state == State.ENDED:
        raise AlertOver("It is over by itself, so there is nothing to take on.")
    if alert.state == State.ACKNOWLEDGED:
        nothing_to_record("somebody has taken it on already")
        return alert
    alert.state, alert.acknowledged_at, alert.acknowledged_by = (
        State.ACKNOWLEDGED, clock.now(), by,
    )  # fmt: skip
    alert.note = note.replace("\x00", "").strip()[:_LONGEST]
    alert.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "note"])
    record(
        "alerts.acknowledge", by=actor_of(by), kind="alert", reference=str(alert),
        label=alert.rule.name, entity=code, after={"state": alert.state}, reason=alert.note,
    )  # fmt: skip
    return alert

"""
Telling people of alerts: the owner first, and somebody else when nobody has acknowledged in time.

In quiet hours nobody is told; what still stands when they end is told then. Whoever has left, or
does not see the legal entity any more, is passed over: then the next one is told at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import explain
from accounts.roles import Role
from revops.alerts.models import Alert, State
from revops.alerts.words import amount_of
from revops.kernel import clock
from revops.notices.operations import tell
from revops.pipeline.hearing import holders
from revops.web.formats import span_text

KIND: Final = "alert"


@transaction.atomic
def tell_of(*, at: datetime) -> int:
    """Whatever stands and was not told yet, or waits too long; how many notices were made."""
    waiting = (
        Alert.objects.filter(state=State.FIRING, escalated_at=None)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("rule__legal_entity", "rule__owner", "rule__escalate_to")
        .order_by("pk")
    )
    told = 0
    for alert in waiting:
        quiet = alert.rule.quiet
        if quiet is not None and quiet.at(at):
            continue
        if alert.told_at is None:
            told += _first(alert, at)
        elif _is_overdue(alert, at):
            told += _next(alert, at)
    return told


def tell_of_ends(ids: Sequence[int], *, at: datetime) -> int:
    """
    These alerts are over: whoever was told of one, or took it on, is told once. In quiet hours it
    waits in the console alone. In the caller's transaction.
    """
    found = Alert.objects.filter(pk__in=list(ids), told_at__isnull=False).select_related(
        "rule__legal_entity", "rule__owner", "told", "escalated_to", "acknowledged_by"
    )
    told = 0
    for alert in found:
        quiet = alert.rule.quiet is not None and alert.rule.quiet.at(at)
        code = alert.legal_entity.code if alert.legal_entity else ""
        people = {
            one.pk
            for one in (alert.told, alert.escalated_to, alert.acknowledged_by)
            if one is not None and sees(one, code)
        }
        lasted = span_text(at - alert.began_at)
        told += _tell(
            alert, people, "over", f"It is over after {lasted}. {alert.why_ended}", loud=not quiet,
            lead="Over: ",
        )  # fmt: skip
    return told


def _first(alert: Alert, at: datetime) -> int:
    person = next(_reachable(alert), None)
    alert.told_at, alert.told = at, person
    alert.save(update_fields=["told_at", "told"])
    recipients = {person.pk} if person else _managers(alert)
    return _tell(alert, recipients, "told", "Acknowledge it, so that nobody else is told.")


def _next(alert: Alert, at: datetime) -> int:
    alert.escalated_at, alert.escalated_to = at, alert.rule.escalate_to
    alert.save(update_fields=["escalated_at", "escalated_to"])
    assert alert.escalated_to is not None
    assert alert.told_at is not None
    late = span_text(at - alert.told_at)
    first = alert.told.name if alert.told else "Whoever was told"
    why = f"{first} has not acknowledged it for {late}."
    code = alert.legal_entity.code if alert.legal_entity else ""
    seen = sees(alert.escalated_to, code)
    people = {alert.escalated_to.pk} if seen else _managers(alert)
    return _tell(alert, people, "escalated", why)


def _is_overdue(alert: Alert, at: datetime) -> bool:
    rule = alert.rule
    if rule.escalate_to is None or rule.escalate_after is None or alert.told_at is None:
        return False
    if alert.told_id == rule.escalate_to_id:
        return False
    return at - alert.told_at >= timedelta(minutes=rule.escalate_after)


def _reachable(alert: Alert) -> Iterator[User]:
    for person in (alert.rule.owner, alert.rule.escalate_to):
        code = alert.legal_entity.code if alert.legal_entity else ""
        if person is not None and sees(person, code):
            yield person


def sees(person: User, entity: str) -> bool:
    """Whether alerts of a legal entity (“” for all of them) are for somebody to see."""
    return explain(person, "alerts.view", entities=[entity]).allowed


def _managers(alert: Alert) -> set[int]:
    code = alert.legal_entity.code if alert.legal_entity else ""
    people = User.objects.filter(pk__in=holders(frozenset({Role.MANAGER}), at=clock.now()))
    return {person.pk for person in people if sees(person, code)}


def _tell(
    alert: Alert, recipients: set[int], stage: str, more: str, *, loud: bool = True, lead: str = ""
) -> int:
    rule, much = alert.rule, amount_of(alert.rule.measure, alert.worst, alert.currency)
    return tell(
        recipients=recipients, kind=KIND, title=f"{lead}{rule.name}: {much}",
        text=f"{alert.sentence} {more}", link=reverse("alerts:alert", args=[alert.pk]),
        entity=rule.legal_entity.code if rule.legal_entity else "",
        key=f"alerts:{alert.pk}:{stage}", mail=rule.mail and loud,
        chat=rule.chat and loud,
    )  # fmt: skip

"""The rules with what they did, and the alerts that stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Max, Q, QuerySet

from accounts.models import User
from accounts.roles import rule_of
from revops.alerts.models import Alert, Rule, State
from revops.kernel import clock
from revops.pipeline.hearing import holders

NOISE: Final = timedelta(days=90)
MOST: Final = 500
# When nobody looked for so long, the page says so: alerts are late.
STALE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Line:
    """
    A rule with its noise: how often it fired in ninety days, and how often somebody took that on.
    ``alert`` is the one that stands.
    """

    rule: Rule
    fired: int
    acted: int
    last_fired: datetime | None
    alert: Alert | None


def lines(*, entity: str = "") -> list[Line]:
    """
    Rules in force first, by name, without those that are retired. ``entity`` is a code; then also
    those of all entities.
    """
    rules = Rule.objects.filter(retired_at=None)
    rules = rules.select_related("legal_entity", "owner", "escalate_to")
    if entity:
        rules = rules.filter(Q(legal_entity__code=entity) | Q(legal_entity=None))
    lately = Q(alerts__fired_at__gt=clock.now() - NOISE)
    counted = rules.annotate(
        fired=Count("alerts", filter=lately),
        acted=Count("alerts", filter=lately & Q(alerts__acknowledged_at__isnull=False)),
        last_fired=Max("alerts__fired_at"),
    ).order_by("-on", "name", "pk")[:MOST]
    standing_now = {alert.rule_id: alert for alert in standing()}
    return [
        Line(rule, rule.fired, rule.acted, rule.last_fired, standing_now.get(rule.pk))
        for rule in counted
    ]


def retired(*, entity: str = "") -> list[Rule]:
    """Rules that are out of use, the latest first."""
    rules = Rule.objects.exclude(retired_at=None).select_related("legal_entity", "changed_by")
    if entity:
        rules = rules.filter(Q(legal_entity__code=entity) | Q(legal_entity=None))
    return list(rules.order_by("-retired_at")[:MOST])


def standing(*, entity: str = "") -> QuerySet[Alert, Alert]:
    """Alerts that are not over: those that nobody has taken on first, the newest first."""
    found = Alert.objects.filter(ended_at=None).select_related(
        "rule", "legal_entity", "acknowledged_by", "told", "escalated_to"
    )
    if entity:
        found = found.filter(Q(legal_entity__code=entity) | Q(legal_entity=None))
    return found.order_by("-state", "-fired_at")


def unanswered(*, entity: str = "", most: int = 3) -> list[Alert]:
    """What nobody has taken on, for a home page."""
    return list(standing(entity=entity).filter(state=State.FIRING)[:most])


def line_of(rule: Rule) -> Line:
    """One rule with its noise."""
    lately = rule.alerts.filter(fired_at__gt=clock.now() - NOISE)
    counted = lately.aggregate(
        fired=Count("pk"), acted=Count("pk", filter=Q(acknowledged_at__isnull=False))
    )
    last = rule.alerts.order_by("-pk").first()
    alert = standing().filter(rule=rule).first()
    return Line(rule, counted["fired"], counted["acted"], last.fired_at if last else None, alert)


def looked_at() -> datetime | None:
    """When a worker last looked at any rule that is on."""
    found: datetime | None = Rule.objects.filter(on=True).aggregate(at=Max("looked_at"))["at"]
    return found


def is_stale(at: datetime) -> bool:
    """Whether rules are on and no worker has looked at them lately."""
    newest = Rule.objects.filter(on=True, changed_at__lt=at - STALE)
    return newest.exists() and (looked_at() or at - NOISE) < at - STALE


def people() -> list[User]:
    """Who may be told of alerts somewhere, by name."""
    ids = holders(rule_of("alerts.view").roles, at=clock.now())
    return list(User.objects.filter(pk__in=ids, sealed_at=None).order_by("name", "pk"))

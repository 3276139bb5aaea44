"""
The worker's look: which rules hold, which alerts begin and end, and what is sampled.

Whoever comes first locks the rules, so that any number of workers tell nobody twice; how a rule
stands is in its row, so that a restart forgets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from revops.alerts import measures
from revops.alerts.deciding import Turn, step, unseen
from revops.alerts.measures import Measure
from revops.alerts.models import Alert, Rule, Sample, State
from revops.alerts.operations.telling import tell_of, tell_of_ends
from revops.alerts.queries.reading import (
    Period,
    Reading,
    calendar,
    entity_ids,
    pressing,
    read,
    value_of,
)
from revops.alerts.words import sentence_of, where_of
from revops.kernel import clock
from revops.store import sql

SAMPLED: Final = timedelta(minutes=5)
KEPT: Final = timedelta(days=35)
# When nobody looked for so long, what a rule held before says nothing of the time between.
BLIND: Final = timedelta(minutes=15)
_STANDING: Final = ("since", "untrue_since", "value", "looked_at")


def look(*, at: datetime | None = None) -> int:
    """Once round; how many alerts began or ended. Idempotent, and safe beside another worker."""
    now = at or clock.now()
    with transaction.atomic():
        rules = list(
            Rule.objects.filter(on=True)
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("legal_entity", "owner", "escalate_to")
            .order_by("pk")
        )
        sampling = _is_due(now)
        readings = read(_wanted(rules, sampling=sampling))
        changed = _decide(rules, readings, calendar(), now)
        if sampling:
            _sample(readings, now)
    tell_of(at=now)
    return changed


def _wanted(rules: Sequence[Rule], *, sampling: bool) -> list[Measure]:
    if sampling:
        return list(measures.all())
    used = {rule.measure for rule in rules}
    return [one for one in measures.all() if one.slug in used and not one.slow]


def _decide(
    rules: Sequence[Rule],
    readings: dict[str, list[Reading]],
    periods: Sequence[Period],
    now: datetime,
) -> int:
    standing = {
        alert.rule_id: alert
        for alert in Alert.objects.filter(rule__in=rules, ended_at=None).select_for_update()
    }
    looked, begun, ended = [], [], []
    for rule in rules:
        if rule.measure not in readings:
            continue
        terms, alert = rule.terms, standing.get(rule.pk)
        value = value_of(
            terms, readings[rule.measure], highest=measures.get(rule.measure).highest,
            counted=None if terms.closes_within is None
            else pressing(periods, at=now, within=terms.closes_within),
        )  # fmt: skip
        before = rule.standing(fired=alert is not None)
        if rule.looked_at is not None and now - rule.looked_at > BLIND:
            before = unseen(before)
        after, turn = step(before, terms, value, now)
        rule.since, rule.untrue_since = after.since, after.untrue_since
        rule.value, rule.looked_at = value, now
        looked.append(rule)
        if turn is Turn.FIRES:
            begun.append(_alert(rule, value, now))
        elif alert is not None:
            alert.worst = max(alert.worst, value)
            if turn is Turn.ENDS:
                alert.state, alert.ended_at = State.ENDED, now
                alert.why_ended = "It holds no more."
            ended.append(alert)
    Rule.objects.bulk_update(looked, _STANDING)
    # One stands for a rule (alerts_one_stands), whoever comes second.
    Alert.objects.bulk_create(begun, ignore_conflicts=True)
    Alert.objects.bulk_update(ended, ["state", "ended_at", "why_ended", "worst"])
    tell_of_ends([alert.pk for alert in ended if alert.ended_at is not None], at=now)
    return len(begun) + sum(alert.ended_at is not None for alert in ended)


def _alert(rule: Rule, value: int, now: datetime) -> Alert:
    return Alert(
        rule=rule, legal_entity=rule.legal_entity, currency=rule.currency, value=value,
        worst=value, sentence=sentence_of(rule.terms, where_of(rule), value),
        began_at=rule.since or now, fired_at=now,
    )  # fmt: skip


def slot_of(at: datetime) -> datetime:
    """The full five minutes at or before an instant."""
    return at.replace(minute=at.minute - at.minute % 5, second=0, microsecond=0)


def _is_due(now: datetime) -> bool:
    return not Sample.objects.filter(measure="open_cases", at=slot_of(now)).exists()


def _sample(readings: dict[str, list[Reading]], now: datetime) -> None:
    slot, ids = slot_of(now), entity_ids()
    made = [
        Sample(
            measure=slug, at=slot, legal_entity_id=one.entity_id, period_code=one.period,
            currency=one.currency, value=one.value,
        )
        for slug, rows in readings.items()
        for one in [*rows, *_zeros(slug, rows, ids)]
    ]  # fmt: skip
    Sample.objects.bulk_create(made, ignore_conflicts=True, batch_size=1_000)
    sql.run(
        "DELETE FROM alerts_sample WHERE measure = ANY(%s) AND at < %s",
        (list(measures.MEASURES), now - KEPT),
    )


def _zeros(slug: str, rows: Iterable[Reading], ids: Sequence[int]) -> list[Reading]:
    """A row for each legal entity that has nothing: nothing was there, and somebody looked."""
    some = {one.entity_id for one in rows}
    everywhere: list[int | None] = [None] if measures.get(slug).of_all else [None, *ids]
    return [Reading(one, "", "", 0) for one in everywhere if one not in some]

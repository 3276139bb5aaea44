"""Making and changing rules. An alert moves no money, so nobody else agrees; each is an act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.alerts import measures
from revops.alerts.measures import MeasureUnknown, Unit
from revops.alerts.models import Alert, Rule, State
from revops.alerts.operations.telling import sees, tell_of_ends
from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel import clock
from revops.kernel.actor import Actor
from revops.mappings.models import LegalEntity

_ACTION: Final = "alerts.change"
_LONGEST: Final = 30 * 24 * 60  # minutes
_RETIRED: Final = "This rule is retired. Make a new one; its name is free."


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as somebody wants it; fields are those of ``models.Rule``."""

    name: str
    measure: str
    threshold: int
    owner: User
    legal_entity: LegalEntity | None = None
    at_least: bool = False
    currency: str = ""
    for_minutes: int = 0
    closes_within: int | None = None
    escalate_to: User | None = None
    escalate_after: int | None = None
    mail: bool = True
    chat: bool = False
    quiet_from: int | None = None
    quiet_until: int | None = None

    @property
    def code(self) -> str:
        return self.legal_entity.code if self.legal_entity else ""


class RuleRefused(Exception):
    """``problems`` by field, in sentences."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class RuleChanged(Exception):
    """Somebody else changed it in the meantime; the message says who and when."""


def problems(draft: Draft, *, number: int | None = None) -> dict[str, str]:
    """What stands against a rule, by field. ``number`` is its own, when it is there already."""
    wrong: dict[str, str] = {}
    try:
        measure = measures.get(draft.measure)
    except MeasureUnknown:
        return {"measure": "Choose what is measured."}
    if not draft.name.strip():
        wrong["name"] = "Give the rule a name."
    elif _same(draft).exclude(pk=number or 0).exists():
        wrong["name"] = "Another rule of this legal entity has this name."
    if draft.threshold < 0:
        wrong["threshold"] = "The limit is zero or more."
    if (measure.unit is Unit.MONEY) != bool(draft.currency):
        wrong["currency"] = "Choose a currency for money, and none for anything else."
    if measure.of_all and draft.legal_entity is not None:
        wrong["entity"] = "This is measured for all legal entities together."
    if draft.closes_within is not None and not measure.by_period:
        wrong["closes_within"] = "This measure knows no period. Leave it empty."
    if not 0 <= draft.for_minutes <= _LONGEST:
        wrong["for_minutes"] = "From at once to 30 days."
    return wrong | _of_people(draft) | _of_hours(draft)


def _same(draft: Draft) -> QuerySet[Rule]:
    """A name is once in a legal entity: nobody runs into the name of a rule that they don’t see."""
    held = Rule.objects.filter(name=draft.name, legal_entity=draft.legal_entity)
    return held.filter(retired_at=None)


def _of_people(draft: Draft) -> dict[str, str]:
    wrong = {}
    if not sees(draft.owner, draft.code):
        wrong["owner"] = f"{draft.owner.name} may not see alerts of this legal entity."
    if (draft.escalate_to is None) != (draft.escalate_after is None):
        wrong["escalate_after"] = "Say both: who is told too, and after how long."
    elif draft.escalate_to is not None:
        assert draft.escalate_after is not None
        if draft.escalate_to == draft.owner:
            wrong["escalate_to"] = "Choose somebody other than who is told first."
        elif not sees(draft.escalate_to, draft.code):
            wrong["escalate_to"] = (
                f"{draft.escalate_to.name} may not see alerts of this legal entity."
            )
        if not 1 <= draft.escalate_after <= _LONGEST:
            wrong["escalate_after"] = "From one minute to 30 days."
    return wrong


def _of_hours(draft: Draft) -> dict[str, str]:
    hours = (draft.quiet_from, draft.quiet_until)
    if (hours[0] is None) != (hours[1] is None):
        return {"quiet_until": "Say both hours, or none."}
    if hours[0] is not None and hours[0] == hours[1]:
        return {"quiet_until": "Quiet hours end at another hour than they begin."}
    return {}


@recorded
@transaction.atomic
def make(*, by: User | Actor, draft: Draft) -> Rule:
    """
    A new rule, in force at once. The console itself makes rules when a demo is set up.

    Raises NotAllowed, OutOfScope, RuleRefused.
    """
    person = authorize(by, _ACTION, entities=[draft.code]) if isinstance(by, User) else None
    wrong = problems(draft)
    if wrong:
        raise RuleRefused(wrong)
    rule = Rule(changed_at=clock.now(), changed_by=person, **_values(draft))
    rule.save()
    _record("alerts.rule_made", rule, by, after=_told(rule))
    return rule


@recorded
@transaction.atomic
def change(*, by: User, number: int, draft: Draft, seen: datetime | None = None) -> Rule:
    """
    The rule as it is from now on; how long it has held begins anew. ``seen`` is the ``changed_at``
    that the person had before them.

    Raises NotAllowed, OutOfScope, RuleRefused, RuleChanged, Rule.DoesNotExist.
    """
    rule = _locked(number)
    by = authorize(by, _ACTION, entities=[_code(rule), draft.code])
    if rule.retired_at is not None:
        raise RuleChanged(_RETIRED)
    if seen is not None and seen != rule.changed_at:
        who = rule.changed_by.name if rule.changed_by else "Somebody"
        raise RuleChanged(f"{who} changed this rule while you had it open.")
    wrong = problems(draft, number=number)
    if wrong:
        raise RuleRefused(wrong)
    before = _told(rule)
    for name, value in _values(draft).items():
        setattr(rule, name, value)
    if _told(rule) == before:
        nothing_to_record("it says what it said")
        return rule
    rule.since = rule.untrue_since = rule.value = rule.looked_at = None
    rule.changed_at, rule.changed_by = clock.now(), by
    rule.save()
    _end(rule, "The rule was changed.")
    _record("alerts.rule_changed", rule, by, before=before, after=_told(rule))
    return rule


@recorded
@transaction.atomic
def switch(*, by: User, number: int, on: bool) -> Rule:
    """Turn a rule on or off. Raises NotAllowed, OutOfScope, RuleChanged, Rule.DoesNotExist."""
    rule = _locked(number)
    by = authorize(by, _ACTION, entities=[_code(rule)])
    if rule.retired_at is not None:
        raise RuleChanged(_RETIRED)
    if rule.on == on:
        nothing_to_record("it is so already")
        return rule
    rule.on, rule.changed_at, rule.changed_by = on, clock.now(), by
    rule.since = rule.untrue_since = rule.value = rule.looked_at = None
    rule.save()
    if not on:
        _end(rule, "The rule was turned off.")
    action = "alerts.rule_on" if on else "alerts.rule_off"
    _record(action, rule, by, before={"on": not on}, after={"on": on})
    return rule


@recorded
@transaction.atomic
def retire(*, by: User, number: int) -> Rule:
    """
    Take a rule out of use for good: it and its alerts stay to be read, and its name is free again.
    Raises NotAllowed, OutOfScope, Rule.DoesNotExist.
    """
    rule = _locked(number)
    by = authorize(by, _ACTION, entities=[_code(rule)])
    if rule.retired_at is not None:
        nothing_to_record("it is retired already")
        return rule
    was = rule.on
    rule.on, rule.retired_at = False, clock.now()
    rule.changed_at, rule.changed_by = rule.retired_at, by
    rule.since = rule.untrue_since = rule.value = rule.looked_at = None
    rule.save()
    _end(rule, "The rule was retired.")
    _record("alerts.rule_retired", rule, by, before={"on": was}, after={"retired": True})
    return rule


def _locked(number: int) -> Rule:
    found = Rule.objects.select_related("legal_entity", "owner", "escalate_to", "changed_by")
    return found.select_for_update(of=("self",)).get(pk=number)


def _code(rule: Rule) -> str:
    return rule.legal_entity.code if rule.legal_entity else ""


def _end(rule: Rule, why: str) -> None:
    """What stands by the old terms ends with them; by the new ones it may begin again."""
    now = clock.now()
    standing = list(Alert.objects.filter(rule=rule, ended_at=None))
    Alert.objects.filter(rule=rule, ended_at=None).update(
        state=State.ENDED, ended_at=now, why_ended=why
    )
    tell_of_ends([alert.pk for alert in standing], at=now)


def _values(draft: Draft) -> dict[str, Any]:
    return {one.name: getattr(draft, one.name) for one in fields(draft)}


def _told(rule: Rule) -> dict[str, Any]:
    """What the trail keeps: plain values, people by their key."""
    kept = asdict(rule.terms)
    kept.pop("entity_id")
    return kept | {
        "name": rule.name, "entity": _code(rule), "owner": f"user:{rule.owner_id}",
        "escalate_to": f"user:{rule.escalate_to_id}" if rule.escalate_to_id else "",
        "escalate_after": rule.escalate_after, "mail": rule.mail, "chat": rule.chat,
        "quiet_from": rule.quiet_from, "quiet_until": rule.quiet_until,
    }  # fmt: skip


def _record(
    action: str, rule: Rule, by: User | Actor, *,
    after: Mapping[str, Any], before: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    record(
        action, by=actor_of(by) if isinstance(by, User) else by, kind="alert_rule",
        reference=f"rule-{rule.pk}", label=rule.name, entity=_code(rule), before=before,
        after=after,
    )  # fmt: skip

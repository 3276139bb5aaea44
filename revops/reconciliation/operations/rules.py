"""
Rules of a check: a draft is changed freely, comes into force by somebody else's yes, and is never
edited after that. Earlier runs keep the version that they used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest, State
from approvals.subjects import CannotApply
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.reconciliation import terms
from revops.reconciliation.checks import registry
from revops.reconciliation.models import Rule, RuleVersion
from revops.reconciliation.operations import versions

ACTION: Final = "reconciliation.rules"
SUBJECT: Final = "match_rules"


class RulesRefused(Exception):
    """``problems`` by field, in sentences."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


def in_force(check_slug: str) -> RuleVersion | None:
    """The version that a run would use now."""
    return (
        RuleVersion.objects.filter(check_slug=check_slug, since__isnull=False)
        .order_by("-number").first()
    )  # fmt: skip


@recorded
@transaction.atomic
def draft(*, check_slug: str, by: User) -> RuleVersion:
    """
    The draft of a check's next version, a copy of the one in force; the one that stands when there
    is one. Raises NotAllowed, registry.CheckUnknown.
    """
    by = authorize(by, ACTION)
    check = registry.get(check_slug)
    standing = RuleVersion.objects.filter(check_slug=check_slug, since__isnull=True).first()
    if standing is None:
        newest = versions.in_force(check)
        number = RuleVersion.objects.filter(check_slug=check_slug).aggregate(n=Max("number"))["n"]
        standing = RuleVersion.objects.create(
            check_slug=check_slug, number=(number or 0) + 1, made_by=by, made_at=clock.now()
        )
        copy(newest, standing)
    _record("match_rules.drafted", standing, by)
    return standing


def copy(source: RuleVersion, target: RuleVersion) -> None:
    """The same rules in the same order."""
    Rule.objects.bulk_create(
        Rule(version=target, position=place, **{name: getattr(one, name) for name in terms.FIELDS})
        for place, one in enumerate(source.rules.order_by("position"), start=1)
    )


@recorded
@transaction.atomic
def put(*, version: RuleVersion, by: User, values: Mapping[str, Any], position: int = 0) -> Rule:
    """
    Change the rule at a position of a draft, or add one at its end (position 0). ``values`` are
    the fields of ``terms.FIELDS``.

    Raises NotAllowed, RulesRefused.
    """
    by = authorize(by, ACTION)
    _locked(version)
    wrong = terms.problems(values)
    if wrong:
        raise RulesRefused(wrong)
    if position:
        rule = version.rules.filter(position=position).first()
        if rule is None:
            raise RulesRefused({"name": "Somebody removed this rule from the draft."})
    else:
        last = version.rules.aggregate(n=Max("position"))["n"] or 0
        rule = Rule(version=version, position=last + 1)
    for name in terms.FIELDS:
        setattr(rule, name, values[name])
    rule.save()
    _record("match_rules.edited", version, by, after={"rule": rule.name, "at": rule.position})
    return rule


@recorded
@transaction.atomic
def move(*, version: RuleVersion, by: User, position: int, to: str) -> None:
    """Move a draft's rule ``up`` or ``down``, or ``remove`` it. Raises NotAllowed, RulesRefused."""
    by = authorize(by, ACTION)
    _locked(version)
    rules = list(version.rules.order_by("position"))
    place = next((index for index, one in enumerate(rules) if one.position == position), None)
    if place is None:
        raise RulesRefused({"name": "Somebody removed this rule from the draft."})
    name = rules[place].name
    if to == "remove":
        rules.pop(place).delete()
    else:
        other = place + (-1 if to == "up" else 1)
        if 0 <= other < len(rules):
            rules[place], rules[other] = rules[other], rules[place]
    _number(rules)
    _record("match_rules.edited", version, by, after={"rule": name, "moved": to})


@recorded
@transaction.atomic
def reset(*, version: RuleVersion, by: User) -> None:
    """Let a draft say again what is in force. Raises NotAllowed, RulesRefused."""
    by = authorize(by, ACTION)
    _locked(version)
    version.rules.all().delete()
    newest = in_force(version.check_slug)
    if newest is not None:
        copy(newest, version)
    _record("match_rules.reset", version, by)


@recorded
@transaction.atomic
def send(*, version: RuleVersion, note: str, by: User) -> ApprovalRequest:
    """
    Ask that a draft comes into force. Raises NotAllowed, RulesRefused, approvals.ApprovalRefused.
    """
    by = authorize(by, ACTION)
    _locked(version)
    if not version.rules.exists():
        raise RulesRefused({"note": "A version without rules would match nothing. Add one."})
    if not note.strip():
        raise RulesRefused({"note": "Say why the rules change."})
    request = approvals.ask(
        subject=SUBJECT, subject_id=version.check_slug, content=content_of(version, note), by=by,
        entity="", note=note,
    )  # fmt: skip
    if request.state == State.WAITING:
        RuleVersion.objects.filter(pk=version.pk).update(approval=str(request))
    return request


def content_of(version: RuleVersion, note: str) -> dict[str, Any]:
    """What is asked for: every rule in words' reach, as plain values."""
    rules: Sequence[Rule] = list(version.rules.order_by("position"))
    return {
        "check": version.check_slug, "number": version.number, "note": note.strip()[:1_000],
        "made_by": version.made_by_id,
        "rules": [{name: getattr(one, name) for name in terms.FIELDS} for one in rules],
    }  # fmt: skip


def agree(request: ApprovalRequest, content: Mapping[str, Any]) -> str:
    """Agreed: the draft counts for the runs from now on. Raises CannotApply."""
    version = (
        RuleVersion.objects.select_for_update()
        .filter(check_slug=content["check"], number=content["number"], since__isnull=True).first()
    )  # fmt: skip
    if version is None or content_of(version, content["note"])["rules"] != content["rules"]:
        raise CannotApply("The draft is not what was asked for any more.")
    version.since, version.approval = clock.now(), str(request)
    version.note = content["note"]
    version.save(update_fields=["since", "approval", "note"])
    return f"Version {version.number} counts for every run from now on."


def unsend(content: Mapping[str, Any]) -> None:
    """It was not agreed to: the draft can be changed again."""
    RuleVersion.objects.filter(
        check_slug=content["check"], number=content["number"], since__isnull=True
    ).update(approval="")


def _number(rules: Sequence[Rule]) -> None:
    """Numbers from 1, past the unique constraint by a detour."""
    for shift in (1_000, 0):
        for place, one in enumerate(rules, start=1):
            one.position = place + shift
        Rule.objects.bulk_update(rules, ["position"])


def _locked(version: RuleVersion) -> None:
    """Raises RulesRefused when it is no draft that can be changed."""
    held = RuleVersion.objects.select_for_update().filter(pk=version.pk).first()
    if held is None or held.since is not None:
        raise RulesRefused({"note": "This version is no draft any more."})
    if held.approval:
        raise RulesRefused({"note": f"{held.approval} waits for a decision about this draft."})


def _record(
    action: str, version: RuleVersion, by: User, after: Mapping[str, Any] | None = None
) -> None:
    record(
        action, by=actor_of(by), kind="match_rules", reference=f"{version}",
        label=registry.get(version.check_slug).label, after=after,
    )  # fmt: skip

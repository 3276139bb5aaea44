"""The rules of checks: those in force, a draft beside them, and how well each has done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Count, Q

from revops.kernel import clock
from revops.kernel.money import Money
from revops.reconciliation import terms
from revops.reconciliation.checks import registry
from revops.reconciliation.checks.base import Check
from revops.reconciliation.models import Match, Pair, Refusal, Rule, RuleVersion
from revops.reconciliation.reasons import label_of
from revops.web.formats import money_text

DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Record:
    """
    What a rule did in ninety days: ``hits`` are all matches that it made, of ``all`` that were made
    for its check; ``released`` those that a person took apart again, ``changed`` those that a run
    let go because a row reads differently. What is left of them was ``kept``. ``refused`` are
    suggestions of it that people said are none; of one that suggests, hits are those they took.
    """

    hits: int = 0
    all: int = 0
    released: int = 0
    changed: int = 0
    refused: int = 0

    @property
    def offered(self) -> int:
        return self.hits + self.refused

    @property
    def kept(self) -> int:
        return self.hits - self.released - self.changed


@dataclass(frozen=True, slots=True)
class Line:
    """A rule as a row. ``sentence`` says what both sides must share, ``tolerance`` how far off."""

    rule: Rule
    sentence: str
    tolerance: str
    scope: str
    record: Record


@dataclass(frozen=True, slots=True)
class Rules:
    """A check with its rules; a check that nothing is configured for has no ``pairs``."""

    check: Check
    version: RuleVersion | None
    draft: RuleVersion | None
    lines: Sequence[Line]
    pairs: int


def every() -> list[Rules]:
    """Every check that has rules or a pair, by its label."""
    versions = list(RuleVersion.objects.select_related("made_by").order_by("check_slug", "number"))
    newest = {one.check_slug: one for one in versions if one.since is not None}
    drafts = {one.check_slug: one for one in versions if one.since is None}
    pairs: dict[str, int] = defaultdict(int)
    for slug in Pair.objects.filter(enabled=True).values_list("check_slug", flat=True):
        pairs[slug] += 1
    rules = _rules_of([one.pk for one in newest.values()])
    records = _records()
    found = []
    for check in registry.all():
        version = newest.get(check.slug)
        if version is None and not pairs[check.slug]:
            continue
        held = rules.get(version.pk, []) if version else []
        found.append(
            Rules(
                check, version, drafts.get(check.slug),
                [line_of(one, records.get((check.slug, one.name), Record())) for one in held],
                pairs[check.slug],
            )
        )  # fmt: skip
    return found


def of_version(version: RuleVersion) -> list[Line]:
    """The rules of any version, in their order."""
    records = _records()
    rows = version.rules.select_related("legal_entity").order_by("position")
    return [line_of(one, records.get((version.check_slug, one.name), Record())) for one in rows]


def history(check_slug: str) -> list[RuleVersion]:
    """Every version that came into force, newest first."""
    rows = RuleVersion.objects.filter(check_slug=check_slug, since__isnull=False)
    return list(rows.select_related("made_by").order_by("-number"))


def line_of(rule: Rule, record: Record) -> Line:
    """A rule in words."""
    values = {name: getattr(rule, name) for name in terms.FIELDS}
    exact = values | {"amount_within": 0, "per_mille": 0}
    scope = [rule.legal_entity.name if rule.legal_entity else "", rule.currency]
    return Line(
        rule, terms.sentence(exact), _tolerance(rule),
        ", ".join(part for part in scope if part) or "Everything", record,
    )  # fmt: skip


def _tolerance(rule: Rule) -> str:
    parts = []
    if rule.amount_within:
        parts.append(money_text(Money(rule.amount_within, rule.currency or "USD")))
    if rule.per_mille:
        parts.append(f"{rule.per_mille} ‰")
    if not parts:
        return "Exact"
    limit = parts[0] if len(parts) == 1 else f"the lesser of {' and '.join(parts)}"
    return f"{limit}, as {label_of(rule.reason).lower()}"


def _rules_of(versions: Sequence[int]) -> dict[int, list[Rule]]:
    found: dict[int, list[Rule]] = defaultdict(list)
    rows = Rule.objects.filter(version__in=versions).select_related("legal_entity")
    for one in rows.order_by("version", "position"):
        found[one.version_id].append(one)
    return found


def _records() -> dict[tuple[str, str], Record]:
    """By check and the rule's name, which versions of a rule share."""
    since = clock.now() - timedelta(days=DAYS)
    rows = (
        Match.objects.filter(made_at__gte=since)
        .values("pair__check_slug", "rule__name")
        .annotate(
            hits=Count("pk"), released=Count("pk", filter=Q(released_by__isnull=False)),
            changed=Count("pk", filter=Q(released_at__isnull=False, released_by__isnull=True)),
        )
    )  # fmt: skip
    held = list(rows)
    total: dict[str, int] = defaultdict(int)
    for row in held:
        total[row["pair__check_slug"]] += row["hits"]
    refused = {
        (row["pair__check_slug"], row["rule__name"]): row["refused"]
        for row in Refusal.objects.filter(at__gte=since, rule__isnull=False)
        .values("pair__check_slug", "rule__name")
        .annotate(refused=Count("pk"))
    }
    found = {
        (row["pair__check_slug"], row["rule__name"]): Record(
            row["hits"], total[row["pair__check_slug"]], row["released"], row["changed"],
            refused.pop((row["pair__check_slug"], row["rule__name"]), 0),
        )
        for row in held
        if row["rule__name"]
    }  # fmt: skip
    return found | {place: Record(all=total[place[0]], refused=n) for place, n in refused.items()}

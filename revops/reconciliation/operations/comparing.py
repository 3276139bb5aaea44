"""
One comparison, from both sides to breaks and figures, in the caller's transaction.

Standing matches come first, then the key, then the other rules in their order; what is left is
typed row by row. The outcome depends on what both sides hold, on the rules, on matches and on the
day, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from revops.kernel import clock
from revops.kernel.keys import sha256
from revops.reconciliation.checks.base import Check
from revops.reconciliation.engine import (
    bases,
    joining,
    keeping,
    knowing,
    looking,
    reading,
    wanting,
    writing,
)
from revops.reconciliation.engine.deciding import cluster
from revops.reconciliation.engine.figures import figures
from revops.reconciliation.engine.reading import Read
from revops.reconciliation.engine.rows import Found, Row, Terms
from revops.reconciliation.engine.sides import Scope
from revops.reconciliation.models import (
    Break,
    BreakState,
    BreakType,
    Match,
    MatchItem,
    Rule,
    RuleVersion,
    Run,
)
from revops.reconciliation.models.rules import Shape, Strength
from revops.reconciliation.operations import casing, pairing
from revops.reconciliation.operations.casing import Sides
from revops.store import sql

# A row that was touched in a transaction that committed late is looked at again.
GRACE: Final = timedelta(minutes=5)
_LOT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Compared:
    figures: dict[str, Any]
    evidence: str
    touched: int | None
    cases: int


def scope_of(run: Run, check: Check, rules: Sequence[Rule]) -> Scope:
    """What the run compares; its pair is loaded."""
    days = rules[0].days_within if rules and is_key(rules[0]) else None
    return Scope(
        run.pair_id, check, run.pair.left_id, run.pair.right_id, run.legal_entity_id,
        run.period_code, run.starts, run.ends, days_within=days or 0,
    )  # fmt: skip


def is_key(rule: Rule) -> bool:
    """Whether it is the rule that the engine's one join is: one to one by the key, for all rows."""
    return (
        rule.strength == Strength.AUTOMATIC
        and rule.shape == Shape.ONE_TO_ONE
        and list(rule.keys) == ["key"]
        and not rule.reference_in_text
        and not rule.currency
        and rule.legal_entity_id is None
    )


def only_by_key(rules: Sequence[Rule]) -> bool:
    """Whether no other rule joins anything by itself, so that rows of other keys do not matter."""
    return (
        bool(rules)
        and is_key(rules[0])
        and not any(one.strength == Strength.AUTOMATIC for one in rules[1:])
    )


def touched_since(scope: Scope, moment: datetime) -> bool:
    """Whether a row of either side changed, or left its list, after ``moment``."""
    with transaction.atomic():
        reading.prepare()
        wanting.touched(scope, moment)
        return bool(sql.once("SELECT 1 FROM rec_touched LIMIT 1"))


def compare(
    run: Run, check: Check, version: RuleVersion, sides: Sides, *, at: datetime, today: date,
    last: Run | None,
) -> Compared:  # fmt: skip
    """``last``: look only at what may read differently than in that run; None for all."""
    rules = list(version.rules.order_by("position"))
    scope = scope_of(run, check, rules)
    keyed = bool(rules) and is_key(rules[0])
    reading.prepare()
    read = _read(run, scope, last, keyed=keyed, today=today)
    for match in Match.objects.filter(pk__in=joining.overdue(scope, today)).order_by("pk"):
        _release(match, f"It should have cleared by {match.expected_by}.", at)
    _stand(scope, at)
    knowing.alone()
    _join(run, scope, rules[1:] if keyed else rules, at)
    knowing.know(scope)
    terms = _terms(run, scope, rules, sides, today)
    cases = 0
    for lot in knowing.clusters():
        found = _decide(lot, terms)
        for start in range(0, len(found), _LOT):
            part = found[start : start + _LOT]
            written = writing.write(scope, part, run_id=run.pk, at=at, today=today)
            cases += casing.report(scope, sides, written, at=at, run=str(run))
    why = "Both sides agree now."
    gone = writing.settle(scope, run_id=run.pk, at=at, why=why, wanted=read.touched is not None)
    casing.settle(scope, gone, at=at, text=f"{run}: both sides agree now.")
    writing.carry(scope)
    told = figures(read.left, read.right, writing.standing(scope))
    return Compared(told, read.evidence, read.touched, cases)


def _read(run: Run, scope: Scope, last: Run | None, *, keyed: bool, today: date) -> Read:
    """What both sides hold, and what is left over of it."""
    if last is not None:
        read = looking.look(
            scope, since=last.began_at - GRACE, last_id=last.pk, run_id=run.pk, rows=rows_of(last),
            today=today, new_day=clock.local_date(last.began_at, run.legal_entity.zone) != today,
        )  # fmt: skip
        if read is not None:
            return read
        reading.prepare()
    read = reading.read(scope, keyed=keyed)
    keeping.confirm(scope, read, run.pk)
    return read


def rows_of(run: Run) -> int:
    """How many rows both sides had."""
    return sum(int(told[name]["count"]) for told in run.figures.values() for name in reading.BOTH)


def _decide(lot: Sequence[tuple[list[Row], list[Row]]], terms: Terms) -> list[Found]:
    met = [row for left, right in lot if left and right for row in (*left, *right)]
    known = bases.of(met)
    return [found for left, right in lot for found in cluster(left, right, terms, known)]


def _terms(run: Run, scope: Scope, rules: Sequence[Rule], sides: Sides, today: date) -> Terms:
    check, pair = scope.check, run.pair
    learnt = pair.lag_days if pair.lag_days is not None else check.wait_days
    rule = rules[0] if rules and is_key(rules[0]) else None
    return Terms(
        compares=check.compares, today=today, lag_days=max(learnt, 1), states=check.states,
        amount_within=rule.amount_within if rule else 0,
        per_mille=rule.per_mille if rule else 0, days_within=scope.days_within,
        left=sides.left, right=sides.right,
        left_read=run.left_load.began_at if run.left_load else None,
        right_read=run.right_load.began_at if run.right_load else None,
    )  # fmt: skip


def _stand(scope: Scope, at: datetime) -> None:
    """Matches whose rows are as they were hold them; the others are taken apart."""
    broken = joining.broken(scope)
    for match in Match.objects.filter(pk__in=broken).order_by("pk"):
        _release(match, broken[match.pk], at)
    joining.hold(scope)


def _release(match: Match, why: str, at: datetime) -> None:
    match.released_why = why
    pairing.take_apart(match, at=at)


def _join(run: Run, scope: Scope, rules: Sequence[Rule], at: datetime) -> None:
    """The other automatic rules in their order, and the matches that they make."""
    any_joined = False
    for rule in rules:
        joined = list(joining.by_rules([rule], scope.entity_id))
        for start in range(0, len(joined), _LOT):
            _keep(run, scope, rule, joined[start : start + _LOT], at)
        any_joined = any_joined or bool(joined)
    if any_joined:
        sql.once("UPDATE rec_rest SET alone = NULL WHERE match_id IS NULL")


def _keep(
    run: Run, scope: Scope, rule: Rule, joined: Sequence[joining.Joined], at: datetime
) -> None:
    made = Match.objects.bulk_create(
        Match(
            pair_id=scope.pair_id, legal_entity_id=scope.entity_id, period_code=scope.period_code,
            currency=one.currency, left_amount=one.left_amount, right_amount=one.right_amount,
            rule=rule, reason=rule.reason if one.left_amount != one.right_amount else "",
            made_at=at,
        )
        for one in joined
    )  # fmt: skip
    MatchItem.objects.bulk_create(
        MatchItem(
            match=match, pair_id=scope.pair_id, side=side, item_key=key, amount=amount, dated=day
        )
        for match, one in zip(made, joined, strict=True)
        for side, items in (("left", one.left), ("right", one.right))
        for key, amount, day in items
    )  # fmt: skip
    joining.take([(match.pk, one) for match, one in zip(made, joined, strict=True)])
    Break.objects.bulk_create(
        _tolerated(run, scope, rule, match, one, at)
        for match, one in zip(made, joined, strict=True)
        if one.left_amount != one.right_amount
    )


def _tolerated(
    run: Run, scope: Scope, rule: Rule, match: Match, one: joining.Joined, at: datetime
) -> Break:
    """What a rule tolerated is explained, so that left − right stays the sum of the breaks."""

    def items(rows: Sequence[tuple[str, int, date]]) -> list[dict[str, Any]]:
        return [
            Row(id=key, currency=one.currency, amount=amount, dated=day).item().as_json()
            for key, amount, day in rows
        ]

    off = one.left_amount - one.right_amount
    return Break(
        pair_id=scope.pair_id, legal_entity_id=scope.entity_id, period_code=scope.period_code,
        type=BreakType.EXPLAINED, state=BreakState.EXPLAINED,
        fingerprint=sha256(f"match:{match.pk}:{scope.period_code}"),
        left_key=one.left[0][0][:120], right_key=one.right[0][0][:120], left=items(one.left),
        right=items(one.right), currency=one.currency, difference=off, at_stake=abs(off),
        reason=f"Within the tolerance of the rule “{rule.name}”", match=match, first_run=run,
        last_run=run, opened_at=at,
    )  # fmt: skip

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

from revops.kernel.keys import sha256
from revops.reconciliation.checks.base import Check
from revops.reconciliation.engine import bases, joining, knowing, reading, writing
from revops.reconciliation.engine.deciding import cluster
from revops.reconciliation.engine.figures import figures
from revops.reconciliation.engine.rows import Found, Row, Terms, Which
from revops.reconciliation.engine.sides import EVER, Scope
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

_TOUCHED: Final = """
INSERT INTO rec_wanted SELECT DISTINCT key FROM ({ever}) AS s
WHERE s.touched_at >= {since} AND s.key <> ''
"""
_LISTED: Final = """
INSERT INTO rec_wanted
SELECT DISTINCT told.key FROM reconciliation_holding AS held,
    LATERAL (VALUES (held.key), (held.before ->> 'key')) AS told (key)
WHERE held.connection_id = %(connection)s AND held.kind = %(kind)s AND held.touched_at >= %(since)s
    AND told.key <> ''
"""
_STANDING: Final = """
INSERT INTO rec_wanted
SELECT DISTINCT item.value ->> 'key' FROM reconciliation_break AS held,
    jsonb_array_elements(held."left" || held."right") AS item
WHERE held.pair_id = %(pair)s AND held.legal_entity_id = %(entity)s
    AND held.period_code = %(period)s AND NOT (held.state = 'settled')
    AND item.value ->> 'key' <> '' AND (%(all)s OR held.type = ANY (%(moving)s::text[]))
"""
# What these are may change by rows of other keys, or by what the clock says.
_MOVING: Final = ["missing_left", "probable_duplicate", "timing"]


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
        for which in reading.BOTH:
            _want_touched(scope, which, moment)
        return bool(sql.once("SELECT 1 FROM rec_wanted LIMIT 1"))


def compare(
    run: Run, check: Check, version: RuleVersion, sides: Sides, *, at: datetime, today: date,
    since: datetime | None,
) -> Compared:  # fmt: skip
    """``since``: look only at what was touched after it, and at what stands; None for all."""
    rules = list(version.rules.order_by("position"))
    scope = scope_of(run, check, rules)
    keyed = bool(rules) and is_key(rules[0])
    reading.prepare()
    if since is not None:
        _want(scope, since - GRACE, all=since.date() != at.date())
    for match in Match.objects.filter(pk__in=joining.overdue(scope, today)).order_by("pk"):
        _release(match, f"It should have cleared by {match.expected_by}.", at)
    read = reading.read(scope, keyed=keyed, wanted=since is not None)
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
    gone = writing.settle(scope, run_id=run.pk, at=at, why=why, wanted=since is not None)
    casing.settle(scope, gone, at=at, text=f"{run}: both sides agree now.")
    writing.carry(scope)
    told = figures(read.left, read.right, writing.standing(scope))
    return Compared(told, read.evidence, read.touched, cases)


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


def _want(scope: Scope, since: datetime, *, all: bool) -> None:
    """
    The keys that a run has to look at when it looks only at what changed: those of rows that were
    touched, and of breaks that other rows or the clock may change; of ``all`` breaks on a new day.
    """
    for which in reading.BOTH:
        _want_touched(scope, which, since)
    values = {
        "pair": scope.pair_id, "entity": scope.entity_id, "period": scope.period_code,
        "all": all, "moving": _MOVING,
    }  # fmt: skip
    sql.once(sql.literal(_STANDING, values))
    sql.once("DELETE FROM rec_wanted a USING rec_wanted b WHERE a.key = b.key AND a.ctid > b.ctid")
    sql.once("ANALYZE rec_wanted")


def _want_touched(scope: Scope, which: Which, since: datetime) -> None:
    ever = scope.select(which, days=EVER)
    stamp = sql.literal("%(since)s::timestamptz", {"since": since})
    sql.once(_TOUCHED.format(ever=ever, since=stamp))
    side, connection = scope.side(which), scope.connection(which)
    if side.kind and connection is not None:
        values = {"connection": connection, "kind": side.kind, "since": since}
        sql.once(sql.literal(_LISTED, values))


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

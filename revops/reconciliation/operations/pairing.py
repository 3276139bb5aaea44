"""
What a match does to breaks, for whoever matches: it settles those that held its rows, and leaves
over what the rows differ by, so that left − right stays the sum of the breaks in every period.

A match across periods leaves a break in each: what was missing in one arrived in the other, and
each period's own difference is what it was, explained now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from accounts.models import User
from exceptions.operations import settle
from revops.kernel.keys import sha256
from revops.reconciliation.models import (
    Break,
    BreakState,
    BreakType,
    Match,
    MatchItem,
    Rule,
    Run,
)
from revops.reconciliation.queries.leftovers import Leftover
from revops.reconciliation.reasons import TIMING, label_of


def pair(
    run: Run,
    rows: Sequence[Leftover],
    *,
    user: User,
    at: datetime,
    reason: str = "",
    note: str = "",
    expected_by: date | None = None,
    approval: str = "",
    rule: Rule | None = None,
) -> Match:
    """
    Keep that the rows belong together. They are locked and checked; of one currency. Breaks that
    hold more rows than those are settled with them, as they stand for one thing. ``rule`` is the
    one that suggested it.
    """
    left = sum(row.item.amount for row in rows if row.side == "left")
    right = sum(row.item.amount for row in rows if row.side == "right")
    made = Match.objects.create(
        pair_id=run.pair_id, legal_entity_id=run.legal_entity_id, period_code=run.period_code,
        currency=rows[0].item.currency, left_amount=left, right_amount=right, reason=reason,
        note=note.strip()[:1_000], expected_by=expected_by, approval=approval, made_by=user,
        made_at=at, rule=rule,
    )  # fmt: skip
    MatchItem.objects.bulk_create(
        MatchItem(
            match=made, pair_id=run.pair_id, side=row.side, item_key=row.item.id,
            amount=row.item.amount, dated=row.item.dated or run.starts,
        )
        for row in rows
    )  # fmt: skip
    settled = Break.objects.filter(pk__in={row.break_id for row in rows})
    why = f"{user.name} matched it with its counterpart."
    # A fault of the line has a case of its own, which the line settles.
    own = settled.filter(case__kind__startswith="break_")
    prints = list(own.values_list("case__fingerprint", flat=True))
    settle(fingerprints=prints, text=why, at=at)
    settled.update(state=BreakState.SETTLED, settled_at=at, settled_why=why, match=made)
    _leave_over(made, run, rows, at)
    return made


def take_apart(match: Match, *, at: datetime) -> None:
    """
    Release a match, whose ``released_by`` and ``released_why`` are set: what it left over is gone,
    and the breaks that it settled stand again, unless a run found them anew.
    """
    match.released_at = at
    match.save(update_fields=["released_at", "released_by", "released_why"])
    match.items.update(standing=False)
    mine = Break.objects.filter(match=match)
    mine.exclude(state=BreakState.SETTLED).update(
        state=BreakState.SETTLED, settled_at=at, settled_why="Its match was released."
    )
    again = mine.filter(settled_at=match.made_at)
    standing = set(
        Break.objects.filter(pair_id=match.pair_id, fingerprint__in=again.values("fingerprint"))
        .exclude(state=BreakState.SETTLED)
        .values_list("fingerprint", flat=True)
    )
    again.exclude(fingerprint__in=standing).update(
        state=BreakState.OPEN, settled_at=None, settled_why="", match=None
    )


def _leave_over(made: Match, run: Run, rows: Sequence[Leftover], at: datetime) -> None:
    """A break for each period whose rows of the match do not come to zero."""
    by_period: dict[str, list[Leftover]] = defaultdict(list)
    for row in rows:
        by_period[row.period_code].append(row)
    waits = made.reason == TIMING
    breaks = []
    for period, held in sorted(by_period.items()):
        off = sum(one.item.amount if one.side == "left" else -one.item.amount for one in held)
        if off == 0:
            continue
        later = len(by_period) > 1
        breaks.append(
            Break(
                pair_id=run.pair_id, legal_entity_id=run.legal_entity_id, period_code=period,
                type=BreakType.TIMING if waits else BreakType.EXPLAINED,
                state=BreakState.CLEARING if waits else BreakState.EXPLAINED,
                fingerprint=sha256(f"match:{made.pk}:{period}"),
                left_key=_first(held, "left"), right_key=_first(held, "right"),
                left=[one.item.as_json() for one in held if one.side == "left"],
                right=[one.item.as_json() for one in held if one.side == "right"],
                currency=made.currency, difference=off, at_stake=abs(off),
                reason=_why(made, later),
                expected_by=made.expected_by, promised_by=made.made_by if waits else None,
                match=made, first_run=run, last_run=run, opened_at=at,
            )
        )  # fmt: skip
    Break.objects.bulk_create(breaks)


def _why(made: Match, later: bool) -> str:
    who = made.made_by.name if made.made_by else "A rule"
    if made.left_amount == made.right_amount and later:
        return f"Its counterpart is in another period; {who} matched them"
    return f"{label_of(made.reason)}; {who} matched it"


def _first(rows: Sequence[Leftover], side: str) -> str:
    return next((one.item.id[:120] for one in rows if one.side == side), "")

"""
Rules tried on a period that was reconciled: the engine runs with them, is asked what it found, and
everything that it wrote is taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import OperationalError, connection, transaction
from django.db.models import Max

from accounts.models import User
from accounts.queries import authorize
from revops.audit.operations import nothing_to_record, recorded
from revops.kernel import clock, correlation
from revops.reconciliation.models import (
    Break,
    BreakState,
    Match,
    MatchItem,
    RuleVersion,
    Run,
    RunState,
)
from revops.reconciliation.operations import comparing
from revops.reconciliation.operations.casing import Sides
from revops.reconciliation.operations.rules import ACTION
from revops.reconciliation.queries.naming import check_of, sides_of

_PATIENCE_MS: Final = 20_000
_OFFERED: Final = 24


class TooLarge(Exception):
    """The period has more rows than can be tried while somebody waits."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a version makes of a period. ``matched``: matches that its rules made by themselves."""

    matched: int
    breaks: int


@dataclass(frozen=True, slots=True)
class Trial:
    """
    ``tried`` is what the version would do, ``stands`` what is in force does. ``conflicts`` are
    matches of people whose rows the version would have joined in another way.
    """

    run: Run
    tried: Counted
    stands: Counted
    conflicts: int


@recorded
def trial(*, version: RuleVersion, run: Run, by: User) -> Trial:
    """
    Try a version on the pair, legal entity and period of a run, with what was listed last. Nothing
    is kept. Raises NotAllowed, OutOfScope, TooLarge.
    """
    authorize(by, ACTION, entities=[run.legal_entity.code])
    nothing_to_record("a trial changes nothing")
    try:
        tried, conflicts = _try(version, run)
        stands, _ = _try(run.rules, run)
    except OperationalError as error:
        raise TooLarge("This period has more rows than can be tried while you wait.") from error
    return Trial(run, tried, stands, conflicts)


def offered(check_slug: str) -> Sequence[Run]:
    """The newest runs that came to their end, one for each pair, legal entity and period."""
    newest = (
        Run.objects.filter(pair__check_slug=check_slug, state=RunState.DONE)
        .values("pair", "legal_entity", "period_code").annotate(newest=Max("pk"))
    )  # fmt: skip
    rows = Run.objects.filter(pk__in=newest.values("newest")).select_related("legal_entity")
    return list(rows.order_by("-period_code", "-pk")[:_OFFERED])


def _try(version: RuleVersion, run: Run) -> tuple[Counted, int]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(_PATIENCE_MS)])
        theirs = _set_aside(run)
        made = _imagined(version, run)
        found = _count(made), _conflicts(made, theirs)
        transaction.set_rollback(True)
    return found


def _imagined(version: RuleVersion, run: Run) -> Run:
    """A run with those rules, as if nothing had been compared before."""
    number = Run.objects.aggregate(n=Max("number"))["n"] or 0
    at = clock.now()
    made = Run.objects.create(
        number=number + 1, pair_id=run.pair_id, legal_entity_id=run.legal_entity_id,
        period_code=run.period_code, starts=run.starts, ends=run.ends, rules=version, began_at=at,
        left_load=run.left_load, right_load=run.right_load, by="Trial",
        correlation_id=correlation.new_id(),
    )  # fmt: skip
    left, right = sides_of(run.pair)
    comparing.compare(
        made, check_of(run.pair), version, Sides(left, right), at=at,
        today=clock.local_date(at, run.legal_entity.zone), last=None,
    )  # fmt: skip
    return made


def _set_aside(run: Run) -> list[set[tuple[str, str]]]:
    """
    Take apart what stands in the period, so that rules meet all rows; gives what people matched,
    as rows of (side, id).
    """
    matches = Match.objects.filter(
        pair_id=run.pair_id, legal_entity_id=run.legal_entity_id, period_code=run.period_code,
        released_at__isnull=True,
    )  # fmt: skip
    items: dict[int, set[tuple[str, str]]] = {}
    held = MatchItem.objects.filter(match__in=matches.filter(made_by__isnull=False))
    for match_id, side, key in held.values_list("match_id", "side", "item_key"):
        items.setdefault(match_id, set()).add((side, key))
    at = clock.now()
    MatchItem.objects.filter(match__in=matches).update(standing=False)
    Break.objects.filter(match__in=matches).exclude(state=BreakState.SETTLED).update(
        state=BreakState.SETTLED, settled_at=at
    )
    matches.update(released_at=at)
    return list(items.values())


def _count(made: Run) -> Counted:
    matches = Match.objects.filter(
        pair_id=made.pair_id, legal_entity_id=made.legal_entity_id, released_at__isnull=True,
        period_code=made.period_code, rule__version_id=made.rules_id,
    )  # fmt: skip
    open_ = Break.objects.filter(
        pair_id=made.pair_id, legal_entity_id=made.legal_entity_id, period_code=made.period_code,
        state=BreakState.OPEN,
    )  # fmt: skip
    return Counted(matches.count(), open_.count())


def _conflicts(made: Run, theirs: Sequence[set[tuple[str, str]]]) -> int:
    """How many matches of people a rule would have put together otherwise."""
    ours: dict[int, set[tuple[str, str]]] = {}
    rows = MatchItem.objects.filter(
        pair_id=made.pair_id, standing=True, match__rule__version_id=made.rules_id
    )
    for match_id, side, key in rows.values_list("match_id", "side", "item_key"):
        ours.setdefault(match_id, set()).add((side, key))
    place = {row: match_id for match_id, items in ours.items() for row in items}
    count = 0
    for items in theirs:
        met = {place[row] for row in items if row in place}
        count += any(ours[match_id] != items for match_id in met)
    return count

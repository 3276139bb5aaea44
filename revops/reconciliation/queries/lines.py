"""The newest run of each pair, legal entity and period, as the list shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Case, Exists, Max, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce

from revops.kernel.money import Money
from revops.reconciliation.checks.base import Check
from revops.reconciliation.models import (
    Break,
    BreakState,
    BreakType,
    Run,
    RunState,
    SignOff,
)
from revops.reconciliation.queries.naming import check_of, name_of, sides_of
from revops.store import sql

STATES: Final = {
    "breaks": "With breaks to decide", "ties": "Ties out", "unsigned": "Not signed",
    "signed": "Signed", "failed": "Failed", "running": "Running",
}  # fmt: skip
ORDER: Final = ("-period_code", "rank", "-pk")
_MISSING: Final = frozenset({BreakType.MISSING_RIGHT.value, BreakType.MISSING_LEFT.value})

_SUMS: Final = """
SELECT run.id, broken.currency, broken.type, broken.state,
    broken.period_code < run.period_code AS earlier, count(*) AS count,
    sum(broken.difference)::bigint AS net, sum(abs(broken.difference))::bigint AS gross,
    sum(jsonb_array_length(broken."left"))::bigint AS left_rows
FROM reconciliation_run AS run
JOIN reconciliation_break AS broken ON broken.pair_id = run.pair_id
    AND broken.legal_entity_id = run.legal_entity_id AND broken.state <> 'settled'
    AND broken.period_code <= run.period_code
WHERE run.id = ANY(%s)
GROUP BY run.id, broken.currency, broken.type, broken.state, earlier
ORDER BY run.id, broken.currency, broken.type, broken.state
"""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the match rate: rows of the left side. ``tone`` colours it, ``word`` names it."""

    tone: str
    word: str
    rows: int


@dataclass(slots=True)
class Line:
    """
    A run as one row. Sums are by currency; ``open`` what needs a decision, ``carried`` what earlier
    periods left. ``segments`` add up to all rows of the left side.
    """

    run: Run
    name: str
    sides: tuple[str, str]
    check: Check
    rows: int = 0
    amounts: list[Money] = field(default_factory=list)
    open_count: int = 0
    open_net: list[Money] = field(default_factory=list)
    open_gross: list[Money] = field(default_factory=list)
    carried_count: int = 0
    segments: list[Segment] = field(default_factory=list)
    signed: dict[str, SignOff] = field(default_factory=dict)
    suspended: SignOff | None = None

    @property
    def anchor(self) -> str:
        return f"rate-{self.run.number}"

    @property
    def status(self) -> tuple[str, str]:
        """A state of the house's table, and the word for it."""
        if self.run.state == RunState.FAILED:
            return "failed", "Failed"
        if self.run.state in (RunState.ASKED, RunState.RUNNING):
            return "running", "Running"
        if not self.amounts and not self.open_count:
            return "skipped", "Nothing there"
        if self.open_count:
            return "at_risk", "To decide"
        if len(self.signed) == 2:  # noqa: PLR2004  preparer and reviewer
            return "ready", "Signed"
        if self.suspended is not None:
            return "late", "Suspended"
        return "matched", "Ties out"


def newest(*, entity: str = "", period: str = "", pair: str = "", state: str = "") -> QuerySet[Run]:
    """The newest run of each pair, legal entity and period, narrowed; ``entity`` is a code."""
    ended = Q(state__in=(RunState.DONE, RunState.FAILED))
    newest = (
        Run.objects.values("pair", "legal_entity", "period_code")
        .annotate(newest=Coalesce(Max("pk", filter=ended), Max("pk"))).values("newest")
    )  # fmt: skip
    runs = Run.objects.filter(pk__in=newest)
    if entity:
        runs = runs.filter(legal_entity__code=entity)
    if period:
        runs = runs.filter(period_code=period)
    if pair:
        runs = runs.filter(pair_id=int(pair))
    same = {
        "pair_id": OuterRef("pair_id"), "legal_entity_id": OuterRef("legal_entity_id"),
        "period_code": OuterRef("period_code"),
    }  # fmt: skip
    goes_on = Run.objects.filter(state__in=(RunState.ASKED, RunState.RUNNING), **same)
    open_ = Exists(Break.objects.filter(state=BreakState.OPEN, **same))
    signed = SignOff.objects.filter(suspended_at__isnull=True, role="reviewer", **same)
    narrowed: dict[str, Any] = {
        "breaks": open_, "ties": ~open_, "signed": Exists(signed), "unsigned": ~Exists(signed),
    }  # fmt: skip
    if state in narrowed:
        runs = runs.filter(narrowed[state], state=RunState.DONE)
    elif state == "running":
        runs = runs.filter(Exists(goes_on))
    elif state:
        runs = runs.filter(state=state)
    # What needs somebody comes first, where there was nothing to compare last.
    rank = Case(When(open_, then=0), When(figures={}, state=RunState.DONE, then=2), default=1)
    runs = runs.annotate(busy=Exists(goes_on), rank=rank)
    return runs.select_related("pair__left", "pair__right", "legal_entity", "rules")


def of(runs: Sequence[Run]) -> list[Line]:
    """The runs with what they found, in three queries for all of them."""
    lines = {
        run.pk: Line(run, name_of(run.pair), sides_of(run.pair), check_of(run.pair)) for run in runs
    }  # fmt: skip
    found = sql.rows(_SUMS, (list(lines),))
    for run in runs:
        line = lines[run.pk]
        mine = [row for row in found if row.id == run.pk]
        _count(line, mine)
        line.carried_count = sum(
            row.count for row in mine if row.earlier and row.state != BreakState.EXPLAINED
        )
    _sign(lines)
    return list(lines.values())


def _count(line: Line, rows: Sequence[Any]) -> None:
    run = line.run
    for currency, told in sorted(run.figures.items()):
        side = told.get("left", {})
        line.rows += int(side.get("count", 0))
        line.amounts.append(Money(int(side.get("amount", 0)), currency))
    own = [row for row in rows if not row.earlier]
    open_ = [row for row in own if row.state == BreakState.OPEN]
    line.open_count = sum(row.count for row in open_)
    for currency in sorted({row.currency for row in open_}):
        of_it = [row for row in open_ if row.currency == currency]
        line.open_net.append(Money(sum(row.net for row in of_it), currency))
        line.open_gross.append(Money(sum(row.gross for row in of_it), currency))
    line.segments = segments(
        line.rows, [(row.type, row.state, row.left_rows) for row in own]
    )  # fmt: skip


def segments(rows: int, held: Sequence[tuple[str, str, int]]) -> list[Segment]:
    """The match rate of ``rows`` on the left, of breaks as (type, state, rows on the left)."""
    explained = sum(many for _, state, many in held if state == BreakState.EXPLAINED)
    timing = sum(many for _, state, many in held if state == BreakState.CLEARING)
    open_ = [(type_, many) for type_, state, many in held if state == BreakState.OPEN]
    missing = sum(many for type_, many in open_ if type_ in _MISSING)
    decide = sum(many for type_, many in open_ if type_ not in _MISSING)
    equal = max(0, rows - explained - timing - missing - decide)
    return [
        Segment("ok", "equal", equal), Segment("ok2", "explained", explained),
        Segment("info", "timing", timing), Segment("warn", "to decide", decide),
        Segment("crit", "missing", missing),
    ]  # fmt: skip


def _sign(lines: dict[int, Line]) -> None:
    runs = [line.run for line in lines.values()]
    places = {(run.pair_id, run.legal_entity_id, run.period_code): run.pk for run in runs}
    rows = SignOff.objects.filter(
        pair_id__in={one[0] for one in places}, legal_entity_id__in={one[1] for one in places},
        period_code__in={one[2] for one in places},
    ).select_related("by")  # fmt: skip
    for one in rows.order_by("pk"):
        key = places.get((one.pair_id, one.legal_entity_id, one.period_code))
        if key is None:
            continue
        if one.suspended_at is None:
            lines[key].signed[one.role] = one
        else:
            lines[key].suspended = one


def last_at() -> datetime | None:
    """When the last run came to its end."""
    found: datetime | None = Run.objects.aggregate(at=Max("ended_at"))["at"]
    return found

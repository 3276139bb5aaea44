"""
Pairing what rules left over. A match moves no money and tells no system anything: it says which
rows are one thing, and what the difference between them is.

    equal sums                one person
    a difference of timing    one person; it stays a break that clears by a day
    one side only, timing     one person; no match, its break waits for its counterpart
    any other difference      the approvals' policy of ``match_difference``, by its amount
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest, State
from approvals.subjects import CannotApply
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.kernel.keys import sha256
from revops.kernel.money import Money
from revops.reconciliation.engine.suggesting import place_of
from revops.reconciliation.models import Match, Run
from revops.reconciliation.operations import pairing, signing, waiting
from revops.reconciliation.operations.drafts import forget
from revops.reconciliation.queries import leftovers, suggestions
from revops.reconciliation.queries.leftovers import Leftover, id_of
from revops.reconciliation.reasons import REASONS, TIMING

ACTION: Final = "reconciliation.run"
SUBJECT: Final = "match_difference"
_MOST_ROWS: Final = 50
_LONGEST_WAIT_DAYS: Final = 92


class MatchRefused(Exception):
    """``problems`` by field (rows, reason, expected_by, note), in sentences."""

    def __init__(self, **problems: str) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class RowsChanged(Exception):
    """A picked row reads differently by now, or is matched; it is picked no more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants matched: tokens of rows, and what the difference is."""

    left: Sequence[str]
    right: Sequence[str]
    reason: str = ""
    expected_by: date | None = None
    note: str = ""

    def as_content(self, run: Run, rows: Sequence[Leftover]) -> dict[str, Any]:
        """For an approval: plain values, with what the rows were when it was asked for."""
        return {
            "run": run.number, "pair": run.pair_id, "period": run.period_code,
            "left": list(self.left), "right": list(self.right), "reason": self.reason,
            "note": self.note, "currency": rows[0].item.currency, "difference": difference(rows),
            "rows": [
                {"side": row.side, "name": row.item.name, "party": row.item.party,
                 "amount": row.item.amount,
                 "dated": row.item.dated.isoformat() if row.item.dated else ""}
                for row in rows
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """A match, the request of one that waits for somebody else, or the day that rows wait for."""

    match: Match | None = None
    until: date | None = None
    request: ApprovalRequest | None = None


def difference(rows: Sequence[Leftover]) -> int:
    """Left minus right, in minor units."""
    return sum(row.item.amount if row.side == "left" else -row.item.amount for row in rows)


@recorded
def match(*, run: Run, wanted: Wanted, by: User) -> Outcome:
    """
    Match rows, or ask for it when their difference needs somebody else's yes.

    Raises NotAllowed, OutOfScope, MatchRefused, RowsChanged, approvals.ApprovalRefused.
    """
    entity = run.legal_entity.code
    by = authorize(by, ACTION, entities=[entity])
    try:
        with transaction.atomic():
            rows = _rows(run, wanted)
            _check(wanted, rows, today=clock.local_date(clock.now(), run.legal_entity.zone))
            off = difference(rows)
            if wanted.reason == TIMING and len({row.side for row in rows}) == 1:
                return _wait(run, wanted, rows, by)
            if off == 0 or wanted.reason == TIMING:
                return Outcome(match=_apply(run, wanted, rows, by=by))
            content = wanted.as_content(run, rows)
            request = approvals.ask(
                subject=SUBJECT, subject_id=_identity(run, wanted), content=content, by=by,
                entity=entity, amount=Money(abs(off), rows[0].item.currency),
                reason_code=wanted.reason, note=wanted.note,
            )  # fmt: skip
            if request.state == State.APPROVED:
                made = Match.objects.get(approval=str(request), pair_id=run.pair_id)
                return Outcome(match=made, request=request)
            forget(run, by)
            return Outcome(request=request)
    except RowsChanged:
        # Outside of the transaction that failed: what is gone is picked no more.
        forget(run, by, gone=[*wanted.left, *wanted.right])
        raise


@recorded
def agree(request: ApprovalRequest, content: dict[str, Any], *, by: User) -> str:
    """Somebody else said yes: the match of ``by``, who asked for it. Raises CannotApply."""
    run = Run.objects.select_related("legal_entity", "pair").get(number=content["run"])
    wanted = Wanted(
        content["left"], content["right"], reason=content["reason"], note=content["note"]
    )
    try:
        rows = _rows(run, wanted)
    except RowsChanged as error:
        raise CannotApply(str(error)) from None
    made = _apply(run, wanted, rows, by=by, approval=str(request))
    return f"Matched as {made}. The difference is explained."


@recorded
@transaction.atomic
def release(*, match: Match, by: User, why: str = "") -> None:
    """
    Take a match apart: its rows are left over again. Raises NotAllowed, OutOfScope, MatchRefused
    when it was released before.
    """
    code = match.legal_entity.code
    by = authorize(by, ACTION, entities=[code])
    held = Match.objects.select_for_update(of=("self",)).get(pk=match.pk)
    if held.released_at is not None:
        who = held.released_by.name if held.released_by else "The console"
        raise MatchRefused(rows=f"{who} released this match already.")
    held.released_by, held.released_why = by, why.strip()[:500]
    pairing.take_apart(held, at=clock.now())
    signing.suspend_changed(
        held.pair_id, held.legal_entity_id, held.period_code, why=f"{by.name} released a match."
    )
    record(
        "match.released", by=actor_of(by), kind="match", reference=str(held), entity=code,
        before=_facts(held), reason=held.released_why,
    )  # fmt: skip


def _rows(run: Run, wanted: Wanted) -> list[Leftover]:
    """The picked rows as they stand, locked. Raises RowsChanged, MatchRefused."""
    tokens = [*wanted.left, *wanted.right]
    if len(tokens) > _MOST_ROWS:
        raise MatchRefused(rows=f"Pick at most {_MOST_ROWS} rows at once.")
    found, gone = leftovers.picked(run, tokens, locked=True)
    if gone:
        names = ", ".join(gone[:3])
        them = "it" if len(gone) == 1 else "them"
        raise RowsChanged(
            f"{names} changed or left the list since you picked {them}. Look again and pick anew."
        )
    alone = [row.item.name for row in found if row.token not in tokens]
    if alone:
        raise MatchRefused(rows=f"{alone[0]} belongs to what you picked: pick it, too.")
    return found


def _check(wanted: Wanted, rows: Sequence[Leftover], *, today: date) -> None:
    """``today`` is the day where the books are. Raises MatchRefused."""
    if not rows:
        raise MatchRefused(rows="Pick at least one row.")
    if len({row.item.currency for row in rows}) > 1:
        raise MatchRefused(rows="Rows of different currencies do not match.")
    one_sided = len({row.side for row in rows}) < 2
    off = difference(rows)
    problems = {}
    if one_sided and not wanted.reason:
        problems["rows"] = "Pick rows on both sides, or say why one side stands alone."
    elif off and wanted.reason not in REASONS:
        problems["reason"] = "Say what the difference is."
    if wanted.reason == TIMING and off:
        day = wanted.expected_by
        if day is None:
            problems["expected_by"] = "Say by which day the difference is gone."
        elif not 0 < (day - today).days <= _LONGEST_WAIT_DAYS:
            problems["expected_by"] = f"Choose a day within {_LONGEST_WAIT_DAYS} days from now."
    if off and wanted.reason == "other" and not wanted.note.strip():
        problems["note"] = "Say in words what it is."
    if problems:
        raise MatchRefused(**problems)


def _apply(
    run: Run, wanted: Wanted, rows: Sequence[Leftover], *, by: User, approval: str = ""
) -> Match:
    suggested = suggestions.at(
        run, place_of(map(id_of, wanted.left), map(id_of, wanted.right))
    )  # fmt: skip
    rule = suggestions.rule_of(run, suggested)
    made = pairing.pair(
        run, rows, user=by, at=clock.now(), reason=wanted.reason, note=wanted.note, rule=rule,
        expected_by=wanted.expected_by if wanted.reason == TIMING else None, approval=approval,
    )  # fmt: skip
    forget(run, by)
    signing.suspend_changed(
        run.pair_id, run.legal_entity_id, run.period_code, why=f"{by.name} matched more rows."
    )
    record(
        "match.made", by=actor_of(by), kind="match", reference=str(made),
        label=f"{len(wanted.left)} to {len(wanted.right)} of {run}", entity=run.legal_entity.code,
        after=_facts(made), reason=wanted.note,
    )  # fmt: skip
    return made


def _wait(run: Run, wanted: Wanted, rows: Sequence[Leftover], by: User) -> Outcome:
    """Rows of one side whose counterpart is on its way."""
    assert wanted.expected_by is not None
    ids = {row.break_id for row in rows}
    waiting.wait(ids, until=wanted.expected_by, user=by, at=clock.now(), note=wanted.note)
    forget(run, by)
    names = [row.item.name for row in rows]
    record(
        "match.waits", by=actor_of(by), kind="reconciliation", reference=str(run),
        entity=run.legal_entity.code, reason=wanted.note,
        after={"rows": names, "until": wanted.expected_by.isoformat()},
    )  # fmt: skip
    return Outcome(until=wanted.expected_by)


def _facts(made: Match) -> dict[str, Any]:
    return {
        "left": made.left_amount, "right": made.right_amount, "currency": made.currency,
        "reason": made.reason, "period": made.period_code, "approval": made.approval,
    }  # fmt: skip


def _identity(run: Run, wanted: Wanted) -> str:
    rows = "\n".join(sorted([*wanted.left, *wanted.right]))
    return f"{run.pair_id}:{run.legal_entity_id}:{sha256(rows)[:24]}"

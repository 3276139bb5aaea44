"""
What the difference between two rows, or the lack of one, is. Pure: the same rows and terms give the
same answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from revops.kernel.money import Money
from revops.reconciliation.engine.explaining import Basis, explain, likely
from revops.reconciliation.engine.rows import (
    AMOUNT,
    CLEARING,
    CURRENCY,
    DELETED,
    DUPLICATE,
    EDITED,
    EXPLAINED,
    MISSING_LEFT,
    MISSING_RIGHT,
    OPEN,
    PERIOD,
    PROBABLE_DUPLICATE,
    STATE,
    TAX,
    TIMING,
    Found,
    Row,
    Terms,
    Which,
    natural,
)  # fmt: skip

# What never was due on the other side.
_NOTHING_DUE: Final = frozenset({"void", "draft"})


def cluster(
    left: Sequence[Row], right: Sequence[Row], terms: Terms, bases: Mapping[str, Basis]
) -> list[Found]:
    """
    What is found among the rows of one key. The rows that agree best are the pair; the others of a
    side are duplicates. ``bases`` are by id of a row of either side.
    """
    if not left or not right:
        rows, which = (left, "left") if left else (right, "right")
        first, *more = sorted(rows, key=lambda row: (row.dated, _by_id(row)))
        alone = [lonely(first, "left" if which == "left" else "right", terms)]
        return alone + [_double(row, which, first, terms) for row in more]
    one, other = _best(left, right)
    found = paired(one, other, terms, bases)
    found += [_double(row, "left", one, terms) for row in _others(left, one)]
    found += [_double(row, "right", other, terms) for row in _others(right, other)]
    return found


def paired(
    left: Row, right: Row, terms: Terms, bases: Mapping[str, Basis] | None = None
) -> list[Found]:
    """What two rows of one key differ by; nothing when they agree."""
    found = _differs(left, right, terms, bases or {})
    if not found or found[0].type == EXPLAINED:
        return found
    for which, row in (("left", left), ("right", right)):
        earlier = _earlier(row, terms)
        if earlier is None:
            continue
        sides = (earlier, right) if which == "left" else (left, earlier)
        if _differs(*sides, terms, {}):
            continue
        where = terms.left if which == "left" else terms.right
        reason = f"They agreed until {row.name} was changed in {where}. {found[0].reason}"
        return [replace(one, type=EDITED, reason=reason, hint=which) for one in found]
    return found


def lonely(row: Row, which: Which, terms: Terms) -> Found:
    """A row without a counterpart in its period."""
    ours, others = terms.left, terms.right
    read, other_lags = terms.right_read, True
    if which == "right":
        ours, others, read, other_lags = others, ours, terms.left_read, False
    due = row.dated + timedelta(days=terms.lag_days)
    if row.gone:
        return _alone(
            row, which, DELETED, f"{others} listed it as {row.gone}, and lists it no longer."
        )
    if row.elsewhere is not None:
        return _in_another_period(row, which, others, terms)
    if row.state in _NOTHING_DUE:
        word = "void" if row.state == "void" else "a draft"
        return _alone(row, which, EXPLAINED, f"It is {word} in {ours}: nothing is due in {others}.")
    if row.twin and which == "right":
        reason = f"{row.twin} in {ours} has the same amount, day and customer."
        return _alone(row, which, PROBABLE_DUPLICATE, reason)
    if read is not None and row.touched_at is not None and row.touched_at >= read:
        due = max(due, terms.today + timedelta(days=1))
        other_lags = True
    if other_lags and terms.today <= due:
        reason = f"{others} follows within {_days(terms.lag_days)}: by {due}."
        return _alone(row, which, TIMING, reason, state=CLEARING, expected_by=due)
    missing = MISSING_RIGHT if which == "left" else MISSING_LEFT
    reason = f"{others} does not list it."
    if row.twin:
        reason += f" {row.twin} has the same amount, day and customer: it may be a duplicate."
    return _alone(row, which, missing, reason)


def _in_another_period(row: Row, which: Which, others: str, terms: Terms) -> Found:
    assert row.elsewhere is not None
    days = abs((row.elsewhere - row.dated).days)
    if days <= terms.lag_days and "period_code" not in terms.compares:
        verb = "arrived" if row.elsewhere >= row.dated else "was there"
        reason = f"It {verb} in {others} on {row.elsewhere}, in another period."
        return _alone(row, which, TIMING, reason, state=EXPLAINED)
    reason = f"{others} has it in another period, on {row.elsewhere}: {_days(days)} off."
    return _alone(row, which, PERIOD, reason)


def _alone(
    row: Row,
    which: str,
    type: str,
    reason: str,
    *,
    state: str = "",
    expected_by: date | None = None,
) -> Found:
    left = which == "left"
    return Found(
        type, state or (EXPLAINED if type == EXPLAINED else OPEN),
        (row,) if left else (), () if left else (row,), row.currency,
        row.amount if left else -row.amount, abs(row.amount), reason, which, expected_by,
    )  # fmt: skip


def _double(row: Row, which: str, kept: Row, terms: Terms) -> Found:
    where = terms.left if which == "left" else terms.right
    return _alone(row, which, DUPLICATE, f"{where} has {kept.name} more than once.")


def _others(rows: Sequence[Row], kept: Row) -> list[Row]:
    return sorted((row for row in rows if row.id != kept.id), key=_by_id)


def _by_id(row: Row) -> tuple[int, str]:
    return natural(row.id)


def _best(left: Sequence[Row], right: Sequence[Row]) -> tuple[Row, Row]:
    """The two that are nearest to each other; of equals, those with the smallest ids."""
    if len(left) * len(right) > 400:
        return min(left, key=_by_id), min(right, key=_by_id)
    return min(
        ((one, other) for one in left for other in right),
        key=lambda two: (
            two[0].currency != two[1].currency, abs(two[0].amount - two[1].amount),
            abs((two[0].dated - two[1].dated).days), _by_id(two[0]), _by_id(two[1]),
        ),
    )  # fmt: skip


def _earlier(row: Row, terms: Terms) -> Row | None:
    """
    The row as it read before its system changed it. What a list called its state then is what the
    check compares only where the check names states of lists.
    """
    was = row.before
    if not was:
        return None
    state = str(was.get("state", row.state)) if terms.states else row.state
    dated, tax = was.get("dated"), was.get("tax", row.tax)
    return replace(
        row, before=None, amount=int(was.get("amount", row.amount)),
        currency=str(was.get("currency", row.currency)), state=state,
        tax=None if tax is None else int(tax),
        dated=date.fromisoformat(str(dated)) if dated else row.dated,
    )  # fmt: skip


def _allowed(left: str, right: str, terms: Terms) -> bool:
    """A check that names no states wants equal ones; of one that does, an unnamed allows any."""
    return right in terms.states.get(left, {right}) if terms.states else right == left


def _differs(left: Row, right: Row, terms: Terms, bases: Mapping[str, Basis]) -> list[Found]:
    off = left.amount - right.amount
    if "currency" in terms.compares and left.currency != right.currency:
        return _currencies(left, right, terms)
    if "state" in terms.compares and not _allowed(left.state, right.state, terms):
        reason = f"It is {left.state} in {terms.left} and {right.state} in {terms.right}."
        return [_both(left, right, STATE, reason, hint=f"{left.state}/{right.state}")]
    compared_off = off if "amount" in terms.compares else 0
    taxed = "tax" in terms.compares and left.tax is not None and right.tax is not None
    tax_off = (left.tax or 0) - (right.tax or 0) if taxed else 0
    if compared_off or tax_off:
        known = explain(left.amount, right.amount, left.tax, right.tax,
                        bases.get(left.id) or bases.get(right.id),
                        currency=left.currency)  # fmt: skip
        if known:
            return [_both(left, right, EXPLAINED, known, tax_off=tax_off)]
        most = max(abs(compared_off), abs(tax_off))
        allowed = terms.tolerance(left.amount)
        if most <= allowed:
            reason = f"It is within the rule's tolerance of {Money(allowed, left.currency)}."
            return [_both(left, right, EXPLAINED, reason, tax_off=tax_off)]
        return [_amounts(left, right, off, tax_off, terms, bases)]
    rest = [] if off == 0 else [_both(left, right, EXPLAINED, "Amounts are not compared here.")]
    return _days_apart(left, right, terms) or rest


def _amounts(
    left: Row, right: Row, off: int, tax_off: int, terms: Terms, bases: Mapping[str, Basis]
) -> Found:
    if tax_off and off in (0, tax_off):
        currency = left.currency
        taxes = f"{Money(left.tax or 0, currency)} and {Money(right.tax or 0, currency)}"
        reason = f"The {'net' if off else 'total'} agrees; the tax is {taxes}."
        return _both(left, right, TAX, reason, tax_off=tax_off)
    hint, reason = likely(
        left.amount, right.amount, left.tax, bases.get(left.id) or bases.get(right.id)
    )
    if not reason:
        reason = f"{terms.left} has {left.money}, {terms.right} {right.money}."
    return _both(left, right, AMOUNT, reason, hint=hint, tax_off=tax_off)


def _days_apart(left: Row, right: Row, terms: Terms) -> list[Found]:
    codes = left.period_code, right.period_code
    if "period_code" in terms.compares and all(codes) and codes[0] != codes[1]:
        reason = f"It is in {codes[0]} in {terms.left} and in {codes[1]} in {terms.right}."
        return [_both(left, right, PERIOD, reason)]
    days = abs((right.dated - left.dated).days)
    if "dated" in terms.compares and terms.days_within is not None and days > terms.days_within:
        reason = f"Its day is {left.dated} in {terms.left} and {right.dated} in {terms.right}."
        return [_both(left, right, PERIOD, reason)]
    return []


def _both(
    left: Row, right: Row, type: str, reason: str, *, hint: str = "", tax_off: int = 0
) -> Found:
    off = left.amount - right.amount
    stake = max(abs(off), abs(tax_off)) or max(abs(left.amount), abs(right.amount))
    state = EXPLAINED if type == EXPLAINED else OPEN
    return Found(type, state, (left,), (right,), left.currency, off, stake, reason, hint)


def _currencies(left: Row, right: Row, terms: Terms) -> list[Found]:
    """One break in each currency, so that each currency's differences add up."""
    reason = f"{terms.left} has {left.money}, {terms.right} {right.money}."
    return [_alone(left, "left", CURRENCY, reason), _alone(right, "right", CURRENCY, reason)]


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"

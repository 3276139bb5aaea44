"""
Taking back what stands of a document whose other parts were refused.

What an ERP holds is reversed there by entries of their own; what was refused is reversed in our
books alone and is asked for no more. Then neither side has anything of the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from approvals.models import ApprovalRequest
from approvals.subjects import CannotApply
from exceptions import operations as cases
from exceptions.findings import fingerprint_of
from exceptions.fixes import Books
from exceptions.models import Case, CaseEntry, CaseState
from revops.delivery import operations as delivery
from revops.delivery.decide import LIVE
from revops.kernel import clock
from revops.kernel.money import Money
from revops.ledger.operations import NewEntry
from revops.ledger.schedules import PeriodMissing
from revops.mappings.models import LedgerAccount
from revops.pipeline.flows.advance import JOURNAL
from revops.pipeline.journalize.compensation import NotReversible, compensate, plan
from revops.pipeline.partial.legs import Leg, is_partial, legs_of
from revops.pipeline.partial.noticing import KIND
from revops.store import rows, sql

_LIVE: Final = frozenset(state.value for state in LIVE)

# What waited for the posting is told nothing: there is none any more.
_STEPS_OF: Final = """
UPDATE pipeline_steprun AS step
SET state = 'skipped', note = 'The posting was taken back.', finished_at = now()
FROM pipeline_flowrun run
WHERE step.run_id = run.id AND run.posting AND run.business_event_id = ANY(%s)
    AND step.state IN ('waiting', 'held', 'unready')
"""
_RUNS_OF: Final = """
UPDATE pipeline_flowrun SET posting = false, state = 'compensated', finished_at = now(),
    note = 'Its posting was taken back.'
WHERE posting AND business_event_id = ANY(%s)
"""


class CannotTakeBack(Exception):
    """Nothing can be proposed; the message says why, for a person."""


def reversible(case: Case) -> tuple[list[Leg], list[NewEntry]]:
    """The parts, and the entries that take them back. Reads only. Raises CannotTakeBack."""
    if case.command_id is None:
        raise CannotTakeBack("There is no posting to take back.")
    legs = legs_of([case.command_id])[case.command_id]
    why = _why_not(legs)
    if why:
        raise CannotTakeBack(why)
    try:
        with rows.within(None):
            return legs, plan(entries_of(legs))
    except (NotReversible, PeriodMissing) as error:
        raise CannotTakeBack(str(error)) from error


def entries_of(legs: Sequence[Leg]) -> list[int]:
    """The entries that are taken back, each once: what was reversed before stays so."""
    return list(dict.fromkeys(leg.entry_id for leg in legs if not leg.undone))


def here_only(legs: Sequence[Leg]) -> list[int]:
    """Of these, what no target holds."""
    held = {leg.entry_id for leg in legs if leg.stands}
    return [entry_id for entry_id in entries_of(legs) if entry_id not in held]


def _why_not(legs: Sequence[Leg]) -> str:
    if not is_partial(legs):
        return "No part of it stands alone."
    for leg in legs:
        if leg.state in _LIVE:
            return f"JE-{leg.entry_id} is on its way to {leg.target}. Wait for what becomes of it."
        if leg.undoes:
            return f"JE-{leg.entry_id} takes back another entry, so this can only be completed."
        if leg.missing and leg.code in ("duplicate", "conflict"):
            return f"{leg.target} holds JE-{leg.entry_id} otherwise: that is settled there first."
        if leg.missing and (leg.drafted_id or leg.unknown_since is not None):
            return (
                f"A draft of JE-{leg.entry_id} may lie in {leg.target}. "
                "Complete it, or have the draft deleted there."
            )
    return ""


def books_of(entries: Sequence[NewEntry]) -> list[Books]:
    """The reversals by entity, period and currency, each with both of its sums."""
    grouped: dict[tuple[str, str, str], dict[str, int]] = {}
    for one in entries:
        draft = one.draft
        place = draft.legal_entity, one.period_code, draft.functional_currency
        accounts = grouped.setdefault(place, {})
        for line in draft.lines:
            accounts[line.account] = accounts.get(line.account, 0) + line.functional
    names = dict(LedgerAccount.objects.values_list("code", "name")) if grouped else {}
    return [
        Books(
            entity, period,
            [
                (
                    account, names.get(account, ""),
                    Money(amount, currency) if amount > 0 else None,
                    Money(-amount, currency) if amount < 0 else None,
                )
                for account, amount in accounts.items()
                if amount
            ],
            Money(sum([amount for amount in accounts.values() if amount > 0]), currency),
            Money(-sum([amount for amount in accounts.values() if amount < 0]), currency),
        )
        for (entity, period, currency), accounts in grouped.items()
    ]  # fmt: skip


def take_back(request: ApprovalRequest, content: dict[str, Any]) -> str:
    """
    Do what was agreed to, in the transaction of the decision; the sentence of what was done.
    Raises CannotApply when the document stands otherwise than when it was asked for.
    """
    case = Case.objects.select_for_update().get(pk=content["case"])
    if case.state != CaseState.OPEN:
        raise CannotApply("The case is settled, or goes on by itself.")
    try:
        legs, _ = reversible(case)
    except CannotTakeBack as error:
        raise CannotApply(str(error)) from error
    if entries_of(legs) != content["undoes"] or here_only(legs) != content["here"]:
        raise CannotApply("The parts stand otherwise by now. Ask again with what is there.")
    held_by: dict[int, set[int]] = {entry_id: set() for entry_id in entries_of(legs)}
    for leg in legs:
        if leg.stands:
            held_by[leg.entry_id].add(leg.connection_id)
    try:
        with rows.widened():
            done = compensate(entries_of(legs), held_by=held_by)
    except (NotReversible, PeriodMissing) as error:
        raise CannotApply(str(error)) from error
    missing = [leg.command_id for leg in legs if leg.missing]
    delivery.supersede(missing, reason=f"Taken back ({request}).")
    events = [leg.business_event_id for leg in legs if leg.business_event_id is not None]
    sql.run(_STEPS_OF, (events,))
    sql.run(_RUNS_OF, (events,))
    text = (
        f"{_named(done.entry_ids)} take back {_named(entries_of(legs))} ({request}). "
        "The ERP is asked for what it holds."
    )
    at = clock.now()
    cases.settle(
        command_ids=[one for one in missing if one != case.command_id],
        text=f"Taken back with {case} ({request}).", at=at,
    )  # fmt: skip
    _goes_on(case, done.command_ids[-1])
    CaseEntry.objects.create(case=case, at=at, text=text, by=request.requested_by)
    return text


def _goes_on(case: Case, command_id: int) -> None:
    """With the last reversal: when that is posted, the case is settled."""
    row = sql.one("SELECT subject_id FROM delivery_outboundcommand WHERE id = %s", (command_id,))
    assert row is not None
    Case.objects.filter(pk=case.pk).update(
        command=command_id, record_kind=JOURNAL, record_id=row.subject_id,
        fingerprint=fingerprint_of(KIND, f"command:{command_id}"), state=CaseState.RETRYING,
    )  # fmt: skip


def _named(entry_ids: Sequence[int]) -> str:
    return ", ".join(f"JE-{entry_id}" for entry_id in entry_ids)

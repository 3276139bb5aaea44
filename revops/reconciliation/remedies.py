"""
What settles a break: compare again, ask the source for what we lack, have the ERP put right.

None of them closes the case: the next run does, when both sides agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from accounts.models import User
from exceptions import kinds
from exceptions.kinds import Remedy
from exceptions.models import Case
from exceptions.operations import CaseRefused
from revops.pipeline import sources
from revops.pipeline.fetch import ask_soon
from revops.reconciliation import reversing
from revops.reconciliation.operations import mending, runs
from revops.store import sql

_ON_CASE: Final = "Found by reconciliation: the ERP holds something else than our books."
# From its first look-back on; what is known already is known by its id.
_ANEW: Final = """
UPDATE events_sourcecursor SET cursor = '', next_at = now() WHERE connection_id = %s
"""

_ERP: Final = ("mend_erp", "compare_again")
OFFERED: Final[Mapping[str, tuple[str, ...]]] = {
    "break_missing_right": ("fetch_missing", "mend_erp", "compare_again"),
    "break_missing_left": _ERP,
    "break_amount": _ERP,
    "break_tax": _ERP,
    "break_currency": ("compare_again",),
    "break_state": ("fetch_missing", "compare_again"),
    "break_period": _ERP,
    "break_duplicate": _ERP,
    "break_probable_duplicate": _ERP,
    "break_deleted": _ERP,
    "break_edited": _ERP,
}


def declare() -> Mapping[str, tuple[str, ...]]:
    """Called once when the app is ready; what each kind of case offers."""
    kinds.declare_remedy(
        Remedy(
            "compare_again", "Compare again", "reconciliation.run", run=_compare_again,
            reads_only=True, safe_to_repeat=True,
            hint="Lists both sides anew. The case closes by itself when they agree.",
        ),
        Remedy(
            "fetch_missing", "Fetch from the source", "cases.retry", run=_fetch,
            allowed=_we_lack_it, reads_only=True, safe_to_repeat=True,
            hint="Has the source tell again what it told lately. What is known counts once.",
        ),
        Remedy(
            "mend_erp", "Put the ERP right", reversing.ACTION, run=_mend, waits=True,
            allowed=_is_posting,
            hint="Proposes to reverse or post again what differs there. Somebody else agrees.",
        ),
    )  # fmt: skip
    return OFFERED


def _we_lack_it(case: Case) -> str | None:
    return "We have it: nothing is to be fetched." if case.record_kind else None


def _is_posting(case: Case) -> str | None:
    if case.record_kind in ("", "journal"):
        return None
    return "It is no posting of an ERP: find out first which side is right."


def _compare_again(case: Case, by: User) -> str:
    found = mending.break_of(case)
    if found is None:
        raise CaseRefused("No break stands for this case any more.")
    runs.enqueue(
        pair_id=found.pair_id, entity_id=found.legal_entity_id, period_code=found.period_code,
        full=True, by=by.name,
    )  # fmt: skip
    return "Both sides are compared again."


def _fetch(case: Case, by: User) -> str:
    found = mending.break_of(case)
    left = found.pair.left if found is not None else None
    if found is None or left is None:
        raise CaseRefused("What is missing comes from no system that could be asked.")
    source = sources.by_id(left.pk)
    if not ask_soon(source):
        raise CaseRefused(f"{source.label} tells by itself and cannot be asked.")
    sql.run(_ANEW, (source.id,))
    days = source.manifest.first_lookback_s // 86_400
    return f"{source.label} is asked for what it told in the last {days} days."


def _mend(case: Case, by: User) -> str:
    asked = reversing.ask(case_id=case.pk, by=by, reason=_ON_CASE)
    return f"It is asked for: {asked}."

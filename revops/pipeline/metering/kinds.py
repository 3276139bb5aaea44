"""The case kinds of usage, and the acts that settle them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from accounts.models import User
from exceptions import kinds
from exceptions.kinds import Kind, Remedy
from exceptions.models import Case
from exceptions.operations import CaseRefused
from revops.pipeline import wake
from revops.pipeline.metering import mending
from revops.usage.operations import due

DAY = timedelta(days=1)


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare_remedy(
        Remedy(
            "rate_again", "Rate again", "cases.retry", run=_rate, run_many=_rate_many,
            allowed=_can_rate, safe_to_repeat=True,
            hint="Prices the usage once more by what is known now. What was told is never changed.",
        ),
        Remedy(
            "match_again", "Look again", "cases.retry", run=_match, safe_to_repeat=True,
            hint="Looks once more for who pays for it. It also happens by itself.",
        ),
        # These write no posting and decide at once, so that a case is settled or stays as it is.
        Remedy(
            "read_again", "Read again", "cases.retry", run=mending.read_again, reads_only=True,
            safe_to_repeat=True,
            hint="Settles the case when all can be read, or came again in a form that can be read.",
        ),
        Remedy(
            "leave_out", "Leave uncharged", "cases.retry", run=mending.leave_out,
            reads_only=True, hint="Nothing is charged for these records. They stay kept.",
        ),
        Remedy(
            "keep_first", "Keep the first ones", "cases.retry", run=mending.keep_first,
            reads_only=True, hint="Changes nothing: the records that came first go on counting.",
        ),
        Remedy(
            "count_later", "Count the later ones", "cases.retry", run=mending.count_later,
            reads_only=True,
            hint="Takes the first records back by records of their own, and counts the later ones.",
        ),
    )  # fmt: skip
    kinds.declare(*_KINDS)


_KINDS = (
    Kind("usage_unmatched", "Usage without a customer", team="RevOps", sla=DAY,
         playbook="usage_unmatched", remedies=("match_again",),
         why="What was used is not charged while nobody is known to pay for it.",
         fix="Add the id to the customer in its system; the usage is then rated by itself."),
    Kind("usage_unpriced", "Usage without a price", team="Finance", sla=DAY,
         playbook="usage_unpriced", remedies=("rate_again",),
         why="What was used is not charged while no price fits it.",
         fix="Give the plan a price for this meter in billing, then rate again."),
    Kind("stale_price", "Usage on an old price", team="Finance", sla=DAY, playbook="stale_price",
         remedies=("rate_again",), tone="crit",
         why="The customer would be billed another amount than the contract says.",
         fix="Amend the subscription in billing from the contract's day, then rate again."),
    Kind("usage_refused", "Unreadable usage", team="RevOps", sla=DAY, playbook="usage_refused",
         remedies=("read_again", "leave_out"),
         why="What cannot be read is kept and not charged.",
         fix="Correct it where it is sent, send it again under the same id, then read again."),
    Kind("usage_conflict", "Usage told differently", team="RevOps", sla=DAY,
         playbook="usage_conflict", remedies=("keep_first", "count_later"),
         why="Only the first record of an id counts, so the charge may be wrong.",
         fix="Find out in the product which one is right, then keep the first or count the later."),
)  # fmt: skip


def _can_rate(case: Case) -> str | None:
    return None if case.record_kind == "subscription" else "There is no subscription to rate."


def _rate(case: Case, by: User) -> str:
    return _rate_many([case], by)


def _rate_many(cases: Sequence[Case], by: User) -> str:
    ids = [case.record_id for case in cases if case.record_id is not None]
    if not due.rate_all_again(ids):
        raise CaseRefused("There is no usage left to rate.")
    transaction.on_commit(wake.usage, robust=True)
    count = len(set(ids))
    return f"Usage of {count} subscription{'' if count == 1 else 's'} is rated again."


def _match(case: Case, by: User) -> str:
    transaction.on_commit(wake.usage, robust=True)
    return "Looked again for who pays for it."

"""What people do about a document of which a part is posted: complete it, or have it taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest, State
from approvals.queries.rules import trial
from approvals.queries.standing import words_of
from approvals.subjects import CannotApply
from exceptions import kinds
from exceptions.kinds import Kind, Remedy
from exceptions.models import Case, CaseEntry, CaseState
from exceptions.operations import CaseRefused
from exceptions.undoing import MISSING, MOVES, STANDS, UNDONE, Part, Proposal, Undoer
from revops.audit.operations import Object, record_each, recorded
from revops.delivery import operations as delivery
from revops.kernel import cards, clock
from revops.kernel.money import Money
from revops.ledger.operations import NewEntry
from revops.pipeline import wake
from revops.pipeline.partial.legs import Leg, legs_of
from revops.pipeline.partial.noticing import KIND
from revops.pipeline.partial.subject import ACTION, SLUG
from revops.pipeline.partial.taking_back import (
    CannotTakeBack,
    books_of,
    entries_of,
    here_only,
    reversible,
)

_RUN_ON_CASE: Final = "The playbook of the case says that what stands is taken back."


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare_remedy(
        Remedy(
            "complete", "Complete", "cases.retry", run=_complete, allowed=_has_posting,
            by_shape=True,
            hint="Sends the missing parts again, with the same keys. What stands stays.",
        ),
        Remedy(
            "compensate", "Take back", ACTION, by_shape=True, run=_compensate, allowed=_has_posting,
            waits=True, page="exceptions:compensate",
            hint="Proposes entries that reverse what stands. Somebody else agrees first.",
        ),
    )  # fmt: skip
    kinds.declare(
        Kind(KIND, "Partly posted", team="Finance", sla=timedelta(hours=4), playbook=KIND,
             remedies=("complete", "compensate", "rebook"), tone="crit",
             why="One part of a document is in the ERP and another is not, so its books are wrong.",
             fix="Mend what the answer names, then complete it. Else take back what stands."),
    )  # fmt: skip


class LineUndoer(Undoer):
    def parts(self, case: Case) -> Sequence[Part]:
        if case.command_id is None:
            return ()
        legs = legs_of([case.command_id])[case.command_id]
        return [_part(leg) for leg in legs] if len(legs) > 1 else ()

    def propose(self, case: Case, *, user: User) -> Proposal:
        open_one = _asked_already(case)
        if open_one is not None:
            return Proposal(
                problem=f"It is asked for already: {open_one} waits.", waiting=open_one.pk
            )
        try:
            legs, entries = reversible(case)
        except CannotTakeBack as error:
            return Proposal(problem=str(error))
        here = here_only(legs)
        return Proposal(
            undoes=entries_of(legs),
            here=here,
            books=books_of([one for one in entries if one.reverses_id not in here]),
            books_here=books_of([one for one in entries if one.reverses_id in here]),
            dated=_dated(entries),
            deciders=_deciders(case, entries, user),
        )

    @recorded
    def ask(self, *, case_id: int, by: User, reason: str) -> ApprovalRequest:
        by = authorize(by, ACTION)
        words = cards.redact(reason.replace("\x00", "").strip()[:500].encode())[0].decode()
        if len(words) < 10:
            raise CaseRefused("Say why it is taken back, in a sentence.")
        with transaction.atomic():
            case = (
                Case.objects.select_for_update(of=("self",))
                .select_related("legal_entity", "command")
                .get(pk=case_id)
            )
            if case.state != CaseState.OPEN:
                raise CaseRefused("Only what is open can be taken back.")
            if case.kind != KIND:
                raise CaseRefused("No part of it stands alone.")
            asked = self._asked(case, by, words)
            text = f"Taking back what stands was asked for ({asked})."
            CaseEntry.objects.create(case=case, at=clock.now(), tone="wait", by=by, text=text)
            held = Object(str(case), case.subject_label, _entity(case), after={"asked": str(asked)})
            record_each("cases.compensate", by=actor_of(by), kind="case", held=[held], reason=words)
        return asked

    @staticmethod
    def _asked(case: Case, by: User, reason: str) -> ApprovalRequest:
        try:
            legs, entries = reversible(case)
        except CannotTakeBack as error:
            raise CaseRefused(str(error)) from error
        try:
            return approvals.ask(
                subject=SLUG, subject_id=case.pk, content=_content(case, legs, entries, reason),
                by=by, entity=_entity(case), amount=_amount(entries), note=reason,
            )  # fmt: skip
        except (approvals.ApprovalRefused, CannotApply) as refusal:
            raise CaseRefused(str(refusal)) from refusal


def _part(leg: Leg) -> Part:
    state = STANDS if leg.stands else MISSING if leg.missing else UNDONE if leg.undone else MOVES
    return Part(
        leg.entry_id, leg.description, Money(leg.amount, leg.currency), leg.target, state,
        leg.external_number, leg.reason,
    )  # fmt: skip


def _content(
    case: Case, legs: Sequence[Leg], entries: Sequence[NewEntry], reason: str
) -> dict[str, Any]:
    return {
        "case": case.pk,
        "subject": case.subject_label,
        "entity": _entity(case),
        "undoes": entries_of(legs),
        "here": here_only(legs),
        "dated": _dated(entries),
        "moved": any(one.period_code != case.period_code for one in entries),
        "parts": [
            {
                "entry": leg.entry_id, "amount": leg.amount, "currency": leg.currency,
                "words": f"{'stands in' if leg.stands else 'refused by'} {leg.target}",
            }
            for leg in legs
        ],
        "books": [
            {
                "entity": one.entity, "period": one.period, "currency": one.debit.currency,
                "lines": [
                    [account, name, debit.minor if debit else -credit.minor if credit else 0]
                    for account, name, debit, credit in one.rows
                ],
            }
            for one in books_of(entries)
        ],
        "reason": reason,
    }  # fmt: skip


def _amount(entries: Sequence[NewEntry]) -> Money | None:
    """What is reversed in all, where it is in one currency: the policy's tiers go by it."""
    sums: dict[str, int] = {}
    for one in entries:
        currency = one.draft.functional_currency
        moved = sum([line.functional for line in one.draft.lines if line.functional > 0])
        sums[currency] = sums.get(currency, 0) + moved
    found = [Money(minor, currency) for currency, minor in sums.items()]
    return found[0] if len(found) == 1 else None


def _deciders(case: Case, entries: Sequence[NewEntry], user: User) -> str:
    asked = trial(
        subject=SLUG, entity=_entity(case), amount=_amount(entries), by=user.pk, at=clock.now()
    )
    if asked.placed.tier.automatic:
        return "Nobody: the policy lets it through."
    words = ", then ".join(f"one {words_of(step)}" for step in asked.placed.tier.steps)
    stuck = " Nobody can decide it now." if asked.stuck else ""
    return f"{words.capitalize()}, and not you.{stuck} {asked.placed.why}".strip()


def _dated(entries: Sequence[NewEntry]) -> str:
    return ", ".join(sorted({one.draft.accounting_date.isoformat() for one in entries}))


def _asked_already(case: Case) -> ApprovalRequest | None:
    return ApprovalRequest.objects.filter(
        subject=SLUG, subject_id=str(case.pk), state__in=[State.WAITING, State.SENT_BACK]
    ).first()


def _entity(case: Case) -> str:
    return case.legal_entity.code if case.legal_entity else ""


def _has_posting(case: Case) -> str | None:
    return None if case.command_id else "There is no posting."


def _complete(case: Case, by: User) -> str:
    """This case's part, and with it every other part that was refused."""
    if case.command_id is None:
        raise CaseRefused("There is no posting to send.")
    missing = [leg for leg in legs_of([case.command_id])[case.command_id] if leg.missing]
    done, refused = delivery.retry([leg.command_id for leg in missing])
    if not done:
        raise CaseRefused(refused[0] if refused else "Nothing of it is missing.")
    others = Case.objects.filter(command__in=done).exclude(pk=case.pk)
    others = others.exclude(state=CaseState.RESOLVED)
    at = clock.now()
    CaseEntry.objects.bulk_create(
        CaseEntry(case=other, at=at, text=f"Complete: sent again with {case}.", by=by)
        for other in others
    )
    others.update(state=CaseState.RETRYING)
    for connection_id in {leg.connection_id for leg in missing}:
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)
    parts = f"{len(done)} missing part{'' if len(done) == 1 else 's'}"
    left = f" {refused[0]}" if refused else ""
    return f"{parts} sent again with the same key{'' if len(done) == 1 else 's'}.{left}"


def _compensate(case: Case, by: User) -> str:
    """From a playbook's step: its page has the proposal, and asks for the reason."""
    asked = LineUndoer().ask(case_id=case.pk, by=by, reason=_RUN_ON_CASE)
    return f"It is asked for: {asked}."

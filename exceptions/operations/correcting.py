"""Correcting what a case's event says. The line reads it, tries it out, and takes it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.subjects import CannotApply
from exceptions.correcting.editors import Leg, Meaning, NotEditable, editor
from exceptions.correcting.sheet import Change, Sheet, filled, totals
from exceptions.models import Case, CaseEntry, CaseState, Correction, CorrectionState
from exceptions.operations.acts import CaseRefused
from revops.audit.operations import Object, record_each, recorded
from revops.kernel import cards, clock
from revops.kernel.money import Money

SLUG: Final = "case_correction"
ACTION: Final = "cases.replay"


@dataclass(frozen=True, slots=True)
class Checked:
    """
    A correction that was looked at: ``problem`` says why it cannot go. ``needs`` are what it
    touches that asks for a second person.
    """

    sheet: Sheet
    changes: Sequence[Change]
    meanings: Sequence[Meaning]
    legs: Sequence[Leg] = ()
    problem: str = ""

    @property
    def needs(self) -> list[str]:
        return sorted({change.touches for change in self.changes if change.touches})

    @property
    def amount(self) -> Money | None:
        found = [Money(minor, currency) for currency, minor in totals(self.meanings).items()]
        return found[0] if len(found) == 1 else None


def check(case: Case, texts: Mapping[str, str]) -> Checked:
    """
    What a correction changes, and what it would book. ``texts`` are the form's fields by path; the
    others stay. Writes nothing. Raises NotEditable.
    """
    chosen = editor()
    sheet, changes, meanings = filled(chosen.read(case), texts)
    if sheet.wrong or sheet.problems:
        problem = sheet.problems[0] if sheet.problems else "Some fields cannot be read."
        return Checked(sheet, changes, meanings, problem=problem)
    if not changes:
        return Checked(sheet, changes, meanings, problem="Nothing was changed.")
    trial = chosen.rehearse(case, meanings)
    return Checked(sheet, changes, meanings, trial.legs, trial.problem)


@recorded
def correct(*, case_id: int, by: User, texts: Mapping[str, str], reason: str) -> Correction:
    """
    Send a corrected event through the line in the place of the case's. Where an amount, an
    account or a period depends on it, somebody else agrees first.

    Raises NotAllowed, Case.DoesNotExist, and CaseRefused when it cannot go, without a reason, or
    while another correction waits.
    """
    by = authorize(by, ACTION)
    words = cards.redact(reason.replace("\x00", "").strip()[:500].encode())[0].decode()
    if len(words) < 10:
        raise CaseRefused("Say why it is corrected, in a sentence.")
    with transaction.atomic():
        case = _locked(case_id)
        if case.corrections.filter(state=CorrectionState.WAITING).exists():
            raise CaseRefused("A correction of this case waits for approval already.")
        try:
            found = check(case, texts)
        except NotEditable as error:
            raise CaseRefused(str(error)) from error
        if found.problem:
            raise CaseRefused(found.problem)
        assert case.inbound_id is not None  # the editor reads no other
        made = Correction.objects.create(
            case=case, original_id=case.inbound_id, reason=words, by=by, at=clock.now(),
            changes=[change.as_json() for change in found.changes], state=CorrectionState.WAITING,
        )  # fmt: skip
        _record(made, "cases.correct", by, words)
        if found.needs:
            _ask(made, found, by)
        else:
            go(made.pk, by=by.name)
        made.refresh_from_db()
    return made


def go(correction_id: int, *, by: str) -> str:
    """
    Take a correction through the line, in the caller's transaction; the sentence of what was done.
    Raises CannotApply.
    """
    made = Correction.objects.select_related("case").get(pk=correction_id)
    case = _locked(made.case_id)
    if case.inbound_id != made.original_id or made.state != CorrectionState.WAITING:
        raise CannotApply("The case has gone on with another event.")
    try:
        found = check(case, {one["path"]: one["after"] for one in made.changes})
        if found.problem:
            raise CannotApply(found.problem)
        stored = editor().send(case, found.meanings)
    except NotEditable as error:
        raise CannotApply(str(error)) from error
    now = clock.now()
    Correction.objects.filter(pk=made.pk).update(
        state=CorrectionState.SENT, corrected=stored, ended_at=now
    )
    Case.objects.filter(pk=case.pk).update(state=CaseState.RETRYING)
    text = f"EVT-{made.original_id} was corrected as EVT-{stored}, which goes through the line."
    CaseEntry.objects.create(case=case, at=now, text=f"{text} Sent by {by}.", by=made.by)
    return text


def drop(correction_id: int, *, why: str) -> None:
    """It was not agreed to: nothing changes."""
    now = clock.now()
    made = Correction.objects.filter(pk=correction_id, state=CorrectionState.WAITING).first()
    if made is None:
        return
    Correction.objects.filter(pk=made.pk).update(state=CorrectionState.REFUSED, ended_at=now)
    CaseEntry.objects.create(case_id=made.case_id, at=now, tone="warn", text=why)


def _ask(made: Correction, found: Checked, by: User) -> None:
    case = made.case
    entity = case.legal_entity.code if case.legal_entity else ""
    content: dict[str, Any] = {
        "case": case.pk,
        "correction": made.pk,
        "event": made.original_id,
        "subject": case.subject_label,
        "changes": made.changes,
        "touches": found.needs,
        "legs": [[leg.account, leg.amount, leg.currency] for leg in found.legs],
        "entity": entity,
        "period": next((leg.period for leg in found.legs if leg.period), case.period_code),
        "reason": made.reason,
    }
    try:
        asked = approvals.ask(
            subject=SLUG, subject_id=case.pk, content=content, by=by, entity=entity,
            amount=found.amount, note=made.reason,
        )  # fmt: skip
    except (approvals.ApprovalRefused, CannotApply) as refusal:
        raise CaseRefused(str(refusal)) from refusal
    Correction.objects.filter(pk=made.pk).update(request=asked.pk)
    CaseEntry.objects.create(
        case=case, at=clock.now(), tone="wait", by=by,
        text=f"A correction of EVT-{made.original_id} was asked for ({asked}).",
    )  # fmt: skip


def _record(made: Correction, action: str, by: User, reason: str) -> None:
    case = made.case
    held = Object(
        str(case), case.subject_label, case.legal_entity.code if case.legal_entity else "",
        before={one["label"]: one["before"] for one in made.changes},
        after={one["label"]: one["after"] for one in made.changes},
    )  # fmt: skip
    record_each(action, by=actor_of(by), kind="case", held=[held], reason=reason)


def _locked(case_id: int) -> Case:
    return (
        Case.objects.select_for_update(of=("self",))
        .select_related("legal_entity", "inbound__connection")
        .defer("inbound__body")
        .get(pk=case_id)
    )

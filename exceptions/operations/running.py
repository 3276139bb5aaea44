"""Running a playbook on a case: each step by somebody who may, in order, written down."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from exceptions import kinds
from exceptions.models import (
    Case,
    CaseEntry,
    CaseState,
    PlaybookRun,
    PlaybookVersion,
    RunState,
    RunStep,
    StepState,
)
from exceptions.operations.acts import CaseRefused, retry
from exceptions.playbooks import APPROVE, ASK, CHECK, RESOLVED, RUN, Playbook, playbook
from exceptions.remedies import choice
from revops.audit.operations import Object, record_each, recorded
from revops.kernel import cards, clock

ACTIONS: Final = {
    CHECK: "cases.claim",
    ASK: "cases.comment",
    RUN: "cases.retry",
    APPROVE: "cases.close.approve",
    RESOLVED: "cases.claim",
}
_UNCHANGED: Final = "This step changes nothing by itself, so nothing has to be undone."
_REFUSED: Final = (
    "Nothing was sent. What steps before it sent keeps its key and is not sent twice; "
    "to take it back, reverse it in its source."
)


@recorded
def start(*, case_id: int, by: User) -> PlaybookRun:
    """
    Begin the playbook of the case's kind. Raises NotAllowed, Case.DoesNotExist, and CaseRefused
    for a settled case, or while a run goes on.
    """
    by = authorize(by, "cases.claim")
    with transaction.atomic():
        case = _locked(case_id)
        if case.state == CaseState.RESOLVED:
            raise CaseRefused("The case is resolved. There is nothing left to run.")
        if case.runs.filter(state=RunState.RUNNING).exists():
            raise CaseRefused("The playbook is being run on this case already.")
        version = _version(playbook(kinds.described(case.kind).playbook))
        run = PlaybookRun.objects.create(case=case, version=version, by=by, started_at=clock.now())
        _tell(run, "info", f"Playbook begun, version {version.number}.", by)
        _record("cases.playbook", case, by, {"begun": str(version)})
    return run


@recorded
def take(*, case_id: int, position: int, outcome: str, note: str, by: User) -> PlaybookRun:
    """
    Take the step at ``position`` of the case's run: ``done``, ``skipped`` or ``failed``. A remedy's
    step done presses the remedy; when that is refused, the step has failed. A failed step stops
    the run, and the case's story says how to undo.

    Raises NotAllowed, Case.DoesNotExist, and CaseRefused for a step that is not the next one, whose
    guard does not hold, or that fails without a word why.
    """
    words = cards.redact(note.replace("\x00", "").strip()[:500].encode("utf-8", "replace"))[0]
    said, state = words.decode(), StepState(outcome)
    with transaction.atomic():
        case = _locked(case_id)
        run = case.runs.select_related("version").filter(state=RunState.RUNNING).first()
        if run is None:
            raise CaseRefused("No playbook is being run on this case.")
        steps, taken = run.version.steps, list(run.taken.order_by("position"))
        if position != len(taken) + 1:
            raise CaseRefused("Somebody has taken this step already.")
        step = steps[position - 1]
        if state is StepState.FAILED and len(said) < 5:
            raise CaseRefused("Say what failed, in a few words.")
        before = [one.by_id for one in taken]
        agrees = step["kind"] == APPROVE and state is not StepState.FAILED
        if state is not StepState.FAILED:
            _guard(case, step, state, before, by)
        by = authorize(
            by, ACTIONS[step["kind"]], makers=before if agrees else (),
            entities=[case.legal_entity.code] if case.legal_entity else None,
        )  # fmt: skip
        undo = _UNCHANGED
        if state is StepState.DONE and step["kind"] == RUN:
            try:
                with transaction.atomic():
                    chosen = _remedy(case, step["remedies"])
                    said = retry(case_id=case.pk, remedy=chosen.slug, by=by)
            except CaseRefused as refusal:
                state, said, undo = StepState.FAILED, str(refusal), _REFUSED
        now = clock.now()
        RunStep.objects.create(run=run, position=position, state=state, note=said, by=by, at=now)
        if state is StepState.FAILED:
            PlaybookRun.objects.filter(pk=run.pk).update(state=RunState.STOPPED, ended_at=now)
            _tell(run, "warn", f"Playbook stopped at step {position}: {said} {undo}", by)
        elif position == len(steps):
            PlaybookRun.objects.filter(pk=run.pk).update(state=RunState.DONE, ended_at=now)
            _tell(run, "ok", "Playbook done, every step taken.", by)
        _record(
            "cases.playbook", case, by, {"step": position, "outcome": state.value, "note": said}
        )
        run.refresh_from_db()
    return run


def _guard(
    case: Case, step: dict[str, object], state: StepState, before: list[int], by: User
) -> None:
    if step["kind"] == RESOLVED and case.state != CaseState.RESOLVED:
        raise CaseRefused("The case is not resolved yet.")
    if step["kind"] == APPROVE and by.pk in before:
        raise CaseRefused("Somebody who took no step before has to agree.")
    if step["kind"] == APPROVE and state is StepState.SKIPPED:
        raise CaseRefused("Somebody has to agree: this step cannot be left out.")


def _remedy(case: Case, slugs: list[str]) -> kinds.Remedy:
    reasons = []
    for slug in slugs:
        found, reason = choice(case, slug)
        if found is not None:
            return found
        reasons.append(reason)
    raise CaseRefused(reasons[0])


def _version(page: Playbook) -> PlaybookVersion:
    known = PlaybookVersion.objects.filter(slug=page.slug)
    found = known.filter(sha256=page.digest).first()
    if found is not None:
        return found
    latest = known.select_for_update().order_by("-number").first()
    steps = [
        {"kind": one.kind, "text": str(one.text), "remedies": list(one.remedies)}
        for one in page.plan
    ]
    return PlaybookVersion.objects.create(
        slug=page.slug, number=latest.number + 1 if latest else 1, sha256=page.digest,
        steps=steps, at=clock.now(),
    )  # fmt: skip


def _locked(case_id: int) -> Case:
    return (
        Case.objects.select_for_update(of=("self",))
        .select_related("command", "inbound", "legal_entity")
        .get(pk=case_id)
    )


def _tell(run: PlaybookRun, tone: str, text: str, by: User) -> None:
    CaseEntry.objects.create(case_id=run.case_id, at=clock.now(), tone=tone, text=text, by=by)


def _record(action: str, case: Case, by: User, after: dict[str, object]) -> None:
    entity = case.legal_entity.code if case.legal_entity else ""
    held = Object(str(case), case.subject_label, entity, after=after)
    record_each(action, by=actor_of(by), kind="case", held=[held])

"""What people do with cases. Each act is decided here, locked, and written into the story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.queries import actor_of, authorize
from exceptions import kinds
from exceptions.models import Case, CaseEntry, CaseState
from exceptions.remedies import choice, reason_against
from exceptions.replaying import REMEDY, many
from revops.audit.operations import Object, nothing_to_record, record_each, recorded
from revops.kernel import clock

_CHUNK: Final = 500


class CaseRefused(Exception):
    """The act can't be done now; the message says why, for the person who asked."""


@dataclass(slots=True)
class CauseOutcome:
    """What a retry of a whole cause did. ``refused`` counts cases by the reason in words."""

    done: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, reason: str) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + 1

    @property
    def sentence(self) -> str:
        parts = [f"{self.done:,} sent on their way." if self.done else "Nothing was sent."]
        parts += [f"{count:,} left alone: {reason}" for reason, count in self.refused.items()]
        return " ".join(parts)


@recorded
def retry(*, case_id: int, remedy: str, by: User) -> str:
    """
    Apply a remedy to one case and return the sentence of what happened.

    Raises NotAllowed, Case.DoesNotExist, kinds.RemedyUnknown, and CaseRefused when the case has
    been settled, is being retried by somebody, or can't take this remedy. A remedy's ``run`` may
    raise CaseRefused itself.
    """
    chosen = kinds.remedy(remedy)
    by = authorize(by, chosen.action)
    with transaction.atomic():
        case = _locked().get(pk=case_id)
        reason = reason_against(case, chosen)
        if reason:
            raise CaseRefused(f"{reason}{_by_whom(case)}")
        text = chosen.run(case, by)
        _record([case], chosen, text, by)
    return text


@recorded
def retry_cause(*, cause_key: str, remedy: str, by: User) -> CauseOutcome:
    """
    Apply a remedy to every unresolved case of a cause, in transactions of some hundred cases.

    A second press finds them being retried and refuses them with that reason. Raises NotAllowed,
    and CaseRefused for more replays than one person decides alone: those are a job.
    """
    chosen = kinds.remedy(remedy)
    by = authorize(by, chosen.action)
    waiting = Case.objects.exclude(state=CaseState.RESOLVED).filter(cause_key=cause_key)
    if chosen.slug == REMEDY and many(waiting, remedy=REMEDY).needs_two:
        raise CaseRefused(
            "So many replays are somebody else’s decision, too: preview them as a job."
        )
    outcome, reached = CauseOutcome(), ""
    # A remedy may give a case another fingerprint, and with it another place in this order.
    seen: set[int] = set()
    while True:
        with transaction.atomic():
            cases = list(
                _locked()
                .exclude(state=CaseState.RESOLVED)
                .filter(cause_key=cause_key, fingerprint__gt=reached)
                .order_by("fingerprint")[:_CHUNK]
            )
            if not cases:
                if not outcome.done:
                    nothing_to_record("every case was refused")
                return outcome
            reached = cases[-1].fingerprint
            able = []
            for case in [one for one in cases if one.pk not in seen]:
                seen.add(case.pk)
                reason = reason_against(case, chosen)
                if reason:
                    outcome.refuse(reason)
                else:
                    able.append(case)
            _apply(able, chosen, by, outcome)


@recorded
def retry_each(*, case_ids: Sequence[int], remedy: str, by: User) -> dict[int, tuple[bool, str]]:
    """
    Apply a remedy to cases; “” is the first one that each takes. What became of each, by its id:
    whether it was done, and the sentence. Cases that are gone are not in the answer.

    Raises NotAllowed, kinds.RemedyUnknown. Called within a transaction.
    """
    by = authorize(by, kinds.remedy(remedy).action if remedy else "cases.retry")
    found: dict[int, tuple[bool, str]] = {}
    able: dict[str, list[Case]] = {}
    with transaction.atomic():
        for case in _locked().filter(pk__in=list(case_ids)).order_by("fingerprint"):
            chosen, reason = choice(case, remedy)
            if chosen is None:
                found[case.pk] = (False, reason)
            else:
                able.setdefault(chosen.slug, []).append(case)
        for slug, cases in able.items():
            authorize(by, kinds.remedy(slug).action)
            found |= _apply_each(cases, kinds.remedy(slug), by)
        if not any(done for done, _ in found.values()):
            nothing_to_record("every case was refused")
    return found


def _by_whom(case: Case) -> str:
    """Who was first, for the person who comes second; in the reader's zone."""
    if case.state != CaseState.RETRYING:
        return ""
    acts = case.story.filter(by__isnull=False, comment=False).select_related("by")
    first = acts.order_by("-at").first()
    if first is None or first.by is None:
        return ""
    return f" {first.by.name} asked for that at {timezone.localtime(first.at):%H:%M}."


def _locked() -> QuerySet[Case]:
    return Case.objects.select_for_update(of=("self",)).select_related(
        "command", "inbound", "legal_entity"
    )


def _entity(case: Case) -> str:
    return case.legal_entity.code if case.legal_entity else ""


def _apply(cases: Sequence[Case], remedy: kinds.Remedy, by: User, outcome: CauseOutcome) -> None:
    for done, sentence in _apply_each(cases, remedy, by).values():
        if done:
            outcome.done += 1
        else:
            outcome.refuse(sentence)


def _apply_each(
    cases: Sequence[Case], remedy: kinds.Remedy, by: User
) -> dict[int, tuple[bool, str]]:
    together = remedy.run_many
    if cases and together is not None:
        try:
            with transaction.atomic():
                text = together(cases, by)
                _record(cases, remedy, text, by)
            return {case.pk: (True, text) for case in cases}
        except CaseRefused:
            pass  # one of them can't: take them one by one, so that each gets its own reason
    found = {}
    for case in cases:
        try:
            with transaction.atomic():
                text = remedy.run(case, by)
                _record([case], remedy, text, by)
            found[case.pk] = (True, text)
        except CaseRefused as refusal:
            found[case.pk] = (False, str(refusal))
    return found


def _record(cases: Sequence[Case], remedy: kinds.Remedy, text: str, by: User) -> None:
    """A remedy that only asks leaves the state as it is: the answer decides."""
    stays = remedy.reads_only or remedy.waits
    if not stays:
        ids = [case.pk for case in cases]
        Case.objects.filter(pk__in=ids).update(state=CaseState.RETRYING)
    now = clock.now()
    label = remedy.label if len(cases) == 1 else f"{remedy.label} of {len(cases):,} cases"
    CaseEntry.objects.bulk_create(
        CaseEntry(case=case, at=now, tone="info", text=f"{label}: {text}", by=by) for case in cases
    )
    held = [
        Object(
            str(case), case.subject_label, _entity(case),
            before={"state": case.state},
            after={
                "state": case.state if stays else CaseState.RETRYING.value,
                "remedy": remedy.label,
            },
        )
        for case in cases
    ]  # fmt: skip
    record_each(remedy.action, by=actor_of(by), kind="case", held=held)

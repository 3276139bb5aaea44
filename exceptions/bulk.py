"""What can be done to many cases at once: retry, assign, snooze, close without a fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from accounts.models import User
from approvals import operations as approvals
from exceptions import operations, replaying
from exceptions.freezing import OPEN_ONLY, STILL_OPEN, frozen_by_shape
from exceptions.models import Case, CaseState
from exceptions.operations.acts import CaseRefused
from exceptions.operations.giving_up import SLUG_OF_MANY
from exceptions.pacing import pace, share
from exceptions.queries.cases import amount_of, status_of
from exceptions.queries.closes import RESOLVE
from exceptions.remedies import choice
from revops.delivery.models import Gate
from revops.jobs import kinds
from revops.jobs.kinds import Budget, Frozen, JobKind, Outcome, Sample
from revops.jobs.models import Job, JobItem
from revops.jobs.operations import JobRefused
from revops.jobs.queries import sums
from revops.kernel import clock
from revops.web.formats import money_text
from revops.web.statuses import look

RETRY: Final = "cases.retry"
ASSIGN: Final = "cases.assign"
SNOOZE: Final = "cases.snooze"
_GONE: Final = Outcome("skipped", "It was settled meanwhile.")
_NOUN: Final = "case|cases"


def declare() -> None:
    """Called once when the app is ready."""
    shared: dict[str, Any] = {"noun": _NOUN, "link": _link, "now": _now}
    kinds.declare(
        JobKind(
            RETRY, "Retry", "cases.retry", freeze=_freeze_retry, run=_retry, samples=_samples_retry,
            budget=_budget, batch=200, hold=replaying.hold, pace=pace,
            freeze_set=frozen_by_shape, **shared,
            warning="What the systems answer shows on each case; nothing is sent twice. More than"
            f" {replaying.ALONE} replays, or over {replaying.WORTH:,} of money, need a manager.",
        ),
        JobKind(
            ASSIGN, "Assign", "cases.claim", freeze=_freeze, run=_assign, undo=_assign_back,
            samples=_samples_assign, freeze_set=STILL_OPEN, **shared,
        ),
        JobKind(
            SNOOZE, "Snooze", "cases.claim", freeze=_freeze, run=_snooze, undo=_snooze_back,
            samples=_samples_snooze, freeze_set=STILL_OPEN, **shared,
        ),
        JobKind(
            RESOLVE, "Close without a fix", "cases.close", freeze=_freeze_open, run=_resolve,
            hold=_hold, freeze_set=OPEN_ONLY, **shared,
            warning="A manager agrees first. What these cases hold back never reaches the books.",
        ),
    )  # fmt: skip


def _read(ids: Sequence[int]) -> Iterable[Case]:
    found = Case.objects.select_related("legal_entity", "command", "inbound", "assignee")
    return (
        found.filter(pk__in=list(ids))
        .defer("command__payload", "inbound__body", "facts", "what_happened")
        .order_by("opened_at", "pk")
    )


def _as_frozen(case: Case, excluded: str) -> Frozen:
    return Frozen(
        case.pk, str(case), case.subject_label or case.cause,
        entity=case.legal_entity.code if case.legal_entity else "", period=case.period_code,
        amount=amount_of(case), excluded=excluded,
    )  # fmt: skip


def _freeze(ids: Sequence[int], options: Mapping[str, Any]) -> list[Frozen]:
    settled = "It is settled already."
    return [
        _as_frozen(case, settled if case.state == CaseState.RESOLVED else "") for case in _read(ids)
    ]


def _freeze_open(ids: Sequence[int], options: Mapping[str, Any]) -> list[Frozen]:
    why = "Only an open case can be closed without a fix."
    return [_as_frozen(case, "" if case.state == CaseState.OPEN else why) for case in _read(ids)]


def _freeze_retry(ids: Sequence[int], options: Mapping[str, Any]) -> list[Frozen]:
    slug = str(options.get("remedy", ""))
    return [_as_frozen(case, choice(case, slug)[1]) for case in _read(ids)]


def _retry(ids: Sequence[int], by: User, job: Job) -> dict[int, Outcome]:
    done = operations.retry_each(case_ids=ids, remedy=str(job.options.get("remedy", "")), by=by)
    return {
        id: Outcome("done" if done[id][0] else "failed", done[id][1]) if id in done else _GONE
        for id in ids
    }


def _assign(ids: Sequence[int], by: User, job: Job) -> dict[int, Outcome]:
    before = operations.assign(
        case_ids=ids, by=by, assignee_id=job.options.get("assignee"),
        team=str(job.options.get("team", "")),
    )  # fmt: skip
    return _done(ids, before, "Assigned.")


def _assign_back(items: Sequence[JobItem], by: User, job: Job) -> dict[int, Outcome]:
    """Each to whom it had, set-wise for each of them."""
    groups: dict[tuple[int | None, str], list[int]] = {}
    for item in items:
        held = item.before or {}
        groups.setdefault((held.get("assignee"), held.get("team", "")), []).append(item.subject_id)
    found: dict[int, Outcome] = {}
    for (assignee, team), ids in groups.items():
        try:
            again = operations.assign(case_ids=ids, by=by, assignee_id=assignee, team=team)
        except CaseRefused as refusal:
            found |= {id: Outcome("failed", str(refusal)) for id in ids}
            continue
        found |= _done(ids, again, "As it was.")
    return found


def _snooze(ids: Sequence[int], by: User, job: Job) -> dict[int, Outcome]:
    until = _until(job.options)
    before = operations.snooze(case_ids=ids, by=by, until=until)
    worse = {key: job.options.get(key) for key in ("more_cases", "more_percent")}
    keys = job.options.get("causes") or ()
    if keys and any(worse.values()):
        operations.snooze_causes(keys=keys, by=by, until=until, **worse)
    return _done(ids, before, "Snoozed.")


def _snooze_back(items: Sequence[JobItem], by: User, job: Job) -> dict[int, Outcome]:
    """Awake again, but for those that were snoozed before, which keep their time."""
    asleep = [item for item in items if (item.before or {}).get("snoozed")]
    ids = [item.subject_id for item in items if item not in asleep]
    found = _done(ids, operations.wake(case_ids=ids, by=by), "Back in the queue.")
    for item in asleep:
        until = _until(item.before or {})
        if until is None or until > clock.now():
            operations.snooze(case_ids=[item.subject_id], by=by, until=until)
        found[item.subject_id] = Outcome("done", "As it was.")
    return found


def _hold(job: Job, by: User) -> str:
    if len(job.entities) != 1:
        raise JobRefused("Choose cases of one legal entity: each has its own approver.")
    whole = sums(job).whole
    money = [money_text(amount) for amount in whole.amounts]
    entity = job.entities[0]
    try:
        asked = approvals.ask(
            subject=SLUG_OF_MANY, subject_id=job.pk, by=by, entity=entity, note=job.reason,
            amount=whole.amounts[0] if len(whole.amounts) == 1 else None,
            content={
                "job": job.pk, "cases": whole.items, "money": money, "entity": entity,
                "entities": [one for one in job.entities if one], "chosen": job.scope_text,
                "reason": job.reason,
            },
        )  # fmt: skip
    except approvals.ApprovalRefused as refusal:
        raise JobRefused(str(refusal)) from refusal
    return f"Waits for somebody else’s yes: {asked}."


def _resolve(ids: Sequence[int], by: User, job: Job) -> dict[int, Outcome]:
    able = {
        case.pk: case.fingerprint
        for case in Case.objects.filter(pk__in=list(ids), state=CaseState.OPEN)
    }
    operations.settle(
        fingerprints=list(able.values()), text=f"Closed without a fix ({job}): {job.reason}",
        at=clock.now(),
    )  # fmt: skip
    done = Outcome("done", "Closed without a fix.")
    not_open = Outcome("skipped", "It is not open any more.")
    return {id: done if id in able else not_open for id in ids}


def _done(
    ids: Sequence[int], before: Mapping[int, Mapping[str, Any]], sentence: str
) -> dict[int, Outcome]:
    return {
        id: Outcome("done", sentence, before=before[id]) if id in before else _GONE for id in ids
    }


def _until(options: Mapping[str, Any]) -> datetime | None:
    text = options.get("until")
    return datetime.fromisoformat(text) if text else None


def _samples_retry(ids: Sequence[int], options: Mapping[str, Any]) -> list[Sample]:
    slug = str(options.get("remedy", ""))
    found = []
    for case in _read(ids):
        remedy, _ = choice(case, slug)
        if remedy:
            found.append(Sample(str(case), look(case.state).word, remedy.hint or remedy.label))
    return found


def _samples_assign(ids: Sequence[int], options: Mapping[str, Any]) -> list[Sample]:
    who = User.objects.filter(pk=options.get("assignee") or 0).first()
    then = who.name if who else f"nobody, team {options.get('team') or 'as it is'}"
    return [
        Sample(str(case), case.assignee.name if case.assignee else case.owner_team, then)
        for case in _read(ids)
    ]


def _samples_snooze(ids: Sequence[int], options: Mapping[str, Any]) -> list[Sample]:
    until = _until(options)
    then = f"snoozed until {until:%-d %b %H:%M} UTC" if until else "snoozed until it gets worse"
    return [Sample(str(case), look(case.state).word, then) for case in _read(ids)]


def _budget(ids: Sequence[int], options: Mapping[str, Any]) -> list[Budget]:
    """Calls by connection: a posting is searched for, sent and read back."""
    counted: dict[int, int] = {}
    chosen = Case.objects.filter(pk__in=list(ids), command__isnull=False)
    for connection_id in chosen.values_list("command__connection", flat=True):
        counted[connection_id] = counted.get(connection_id, 0) + 1
    gates = Gate.objects.filter(connection__in=list(counted)).select_related("connection")
    return [
        Budget(
            gate.connection.label, counted[gate.connection_id], share(gate.rate) or None,
            max(1, -(-counted[gate.connection_id] // (share(gate.rate) or 1))) if gate.rate else 1,
        )
        for gate in gates
    ]  # fmt: skip


def _link(id: int) -> str:
    return reverse("exceptions:case", args=[id])


def _now(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    at = clock.now()
    found = Case.objects.filter(pk__in=list(ids)).only("state", "due_at", "snoozed")
    return {case.pk: ("snoozed" if case.snoozed else status_of(case, at), "") for case in found}

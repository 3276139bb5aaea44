"""
Posting into the next open period: a job that waits for a manager's yes, then takes case by case.

An event that could not be booked goes through the line again and is dated on the day agreed to; an
entry that the ERP refused is reversed in our books and booked again on that day. Each keeps its
document's own day beside it, and each case says who agreed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.subjects import CannotApply
from exceptions.findings import fingerprint_of
from exceptions.models import Case, CaseEntry, CaseState
from revops.audit.operations import Object, nothing_to_record, record_each, recorded
from revops.events import operations as inbox
from revops.jobs import kinds
from revops.jobs.kinds import Frozen, JobKind, Outcome, Sample
from revops.jobs.models import ItemState, Job
from revops.jobs.operations import JobRefused
from revops.kernel import clock
from revops.kernel.money import Money
from revops.ledger.books import all_books
from revops.pipeline import wake
from revops.pipeline.closed import accruing
from revops.pipeline.closed.placing import KIND, period_name, put
from revops.pipeline.closed.subject import ACTION, SLUG, money_of
from revops.pipeline.flows.advance import JOURNAL
from revops.pipeline.journalize.rebooking import Rebooked, move
from revops.pipeline.replay.limits import pace
from revops.store import rows

JOB: Final = "periods.post_later"
_GONE: Final = Outcome("skipped", "It was settled meanwhile.")


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare(
        JobKind(
            JOB, "Post in the next open period", ACTION, freeze=_freeze, run=_run, hold=_hold,
            samples=_samples, link=_link, noun="case|cases", rate=1_200, batch=100, pace=pace,
            warning="Nothing is dated into the closed period. Each journal keeps its own day, too.",
        )
    )  # fmt: skip


def days_of(options: Mapping[str, Any]) -> dict[int, date]:
    """Of a job: the day of each legal entity, by its id."""
    codes = {own.legal_entity: own.id for own in all_books().values()}
    stated: Mapping[str, str] = options.get("dated", {})
    return {codes[code]: date.fromisoformat(day) for code, day in stated.items() if code in codes}


def why_not(case: Case, dated: Mapping[int, date]) -> str:
    """Why a case cannot post later as it stands, or “”. Reads nothing."""
    if case.kind != KIND or case.state != CaseState.OPEN:
        return "It is settled, or goes on by itself."
    if case.legal_entity_id not in dated:
        return "Its legal entity has no later period that is open."
    if case.command_id is None and case.inbound_id is None:
        return "There is nothing that could be posted."
    return ""


def _freeze(ids: Sequence[int], options: Mapping[str, Any]) -> list[Frozen]:
    dated = days_of(options)
    found = Case.objects.filter(pk__in=list(ids)).select_related("legal_entity")
    return [
        Frozen(
            case.pk, str(case), case.subject_label or case.cause,
            entity=case.legal_entity.code if case.legal_entity else "", period=case.period_code,
            amount=Money(case.at_stake, case.currency)
            if case.at_stake is not None and case.currency else None,
            excluded=why_not(case, dated),
        )
        for case in found.order_by("opened_at", "pk")
    ]  # fmt: skip


def _hold(job: Job, by: User) -> str:
    entities = [one for one in job.entities if one]
    sums = money_of(job)
    try:
        asked = approvals.ask(
            subject=SLUG, subject_id=job.pk, by=by, note=job.reason,
            entity=entities[0] if len(entities) == 1 else "",
            amount=sums[0] if len(sums) == 1 else None,
            content={
                "job": job.pk, "cases": job.items.filter(state=ItemState.PENDING).count(),
                "entities": entities, "closed": job.options.get("closed", {}),
                "dated": job.options.get("dated", {}), "scope": job.scope_text,
                "money": [[one.minor, one.currency] for one in sums],
                "books": job.options.get("books", []), "reason": job.reason,
                "accrued": bool(job.options.get("accrue")),
            },
        )  # fmt: skip
    except (approvals.ApprovalRefused, CannotApply) as refusal:
        raise JobRefused(str(refusal)) from refusal
    return f"Posting into a later period is somebody else’s decision, too: {asked}."


def _run(ids: Sequence[int], by: User, job: Job) -> dict[int, Outcome]:
    with rows.widened():
        return post_later(
            case_ids=ids, dated=days_of(job.options), job=job.pk, by=by,
            accrue=bool(job.options.get("accrue")),
        )  # fmt: skip


@recorded
def post_later(
    *, case_ids: Sequence[int], dated: Mapping[int, date], job: int, by: User, accrue: bool = False
) -> dict[int, Outcome]:
    """
    Post these cases' documents on the day of their legal entity, in the caller's transaction; with
    ``accrue``, what they earn in their own period is booked there and taken back on that day. What
    became of each; cases that are gone are skipped. Raises NotAllowed.
    """
    by = authorize(by, ACTION)
    found = dict.fromkeys(case_ids, _GONE)
    able: list[Case] = []
    held = Case.objects.select_for_update(of=("self",)).select_related("legal_entity", "inbound")
    for case in held.filter(pk__in=list(case_ids)).order_by("fingerprint"):
        why = why_not(case, dated)
        if why:
            found[case.pk] = Outcome("failed", why)
        else:
            able.append(case)
    moved: dict[Case, Rebooked] = {}
    others: dict[int, str] = {}
    if accrue:
        done, refused = _accrued(able, dated)
    else:
        done, refused = _events([one for one in able if one.command_id is None])
        moved, others = _entries([one for one in able if one.command_id is not None], dated)
    put([*done, *moved], dated=dated, job=job, by=by.pk, accrued=accrue)
    for case, one in moved.items():
        goes_on_with(case, one)
    found |= {id: Outcome("failed", why) for id, why in (refused | others).items()}
    found |= _told([*done, *moved], dated, job, by, accrued=accrue)
    if not (done or moved):
        nothing_to_record("every case was refused")
    return found


def goes_on_with(case: Case, one: Rebooked) -> None:
    """The case goes on with the command that took the place of its own."""
    Case.objects.filter(pk=case.pk).update(
        command=one.by_command, record_kind=JOURNAL, record_id=one.entry_id,
        fingerprint=fingerprint_of(case.kind, f"command:{one.by_command}"),
    )  # fmt: skip


def _events(cases: Sequence[Case]) -> tuple[list[Case], dict[int, str]]:
    wanted = [case.inbound_id for case in cases if case.inbound_id is not None]
    taken = set(inbox.send_again_through_the_line(wanted))
    for connection_id in {case.inbound.connection_id for case in cases if case.inbound}:
        transaction.on_commit(partial(wake.line, connection_id), robust=True)
    left = {case.pk: "Its event is on its way." for case in cases if case.inbound_id not in taken}
    return [case for case in cases if case.inbound_id in taken], left


def _accrued(cases: Sequence[Case], dated: Mapping[int, date]) -> tuple[list[Case], dict[int, str]]:
    """Each with its accrual or not at all: what is not accrued is not sent through the line."""
    able, refused = accruing.shares(cases)
    refused |= accruing.kept_open(able)
    for one in able:
        if dated[one.case.legal_entity_id or 0] != one.closing.next_open()[1].span.start:
            refused[one.case.pk] = "The period that was agreed to is closed by now."
    done, others = _events([one.case for one in able if one.case.pk not in refused])
    accruing.post_shares([one for one in able if one.case in done])
    return done, refused | others


def _entries(
    cases: Sequence[Case], dated: Mapping[int, date]
) -> tuple[dict[Case, Rebooked], dict[int, str]]:
    by_command = {case.command_id or 0: case for case in cases}
    done, refused = move(
        list(by_command), dated=dated, reason="Booked again in the next open period."
    )
    for connection_id in {one.connection_id for one in done}:
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)
    moved = {by_command[one.command_id]: one for one in done}
    left = {by_command[id].pk: why for id, why in refused.items()}
    gone = set(by_command.values()) - set(moved)
    nowhere = {case.pk: "No ERP keeps these books on the new day." for case in gone}
    return moved, nowhere | left


def _told(
    cases: Sequence[Case], dated: Mapping[int, date], job: int, by: User, *, accrued: bool = False
) -> dict[int, Outcome]:
    now = clock.now()
    said: dict[int, str] = {}
    for case in cases:
        day = dated[case.legal_entity_id or 0]
        period = period_name(case.legal_entity_id or 0, day)
        instead = f"in place of {case.period_code} (BLK-{job})"
        said[case.pk] = f"Posts in {period}, dated {day.isoformat()}, {instead}."
        if accrued:
            said[case.pk] += f" Accrued in {case.period_code}, taken back on that day."
    Case.objects.filter(pk__in=list(said)).update(state=CaseState.RETRYING)
    CaseEntry.objects.bulk_create(
        CaseEntry(case=case, at=now, tone="info", text=said[case.pk], by=by) for case in cases
    )
    held = [
        Object(
            str(case), case.subject_label, case.legal_entity.code if case.legal_entity else "",
            before={"period": case.period_code},
            after={"dated": dated[case.legal_entity_id or 0].isoformat()},
        )
        for case in cases
    ]  # fmt: skip
    if held:
        record_each("cases.post_later", by=actor_of(by), kind="case", held=held)
    return {id: Outcome("done", text) for id, text in said.items()}


def _samples(ids: Sequence[int], options: Mapping[str, Any]) -> list[Sample]:
    dated = days_of(options)
    return [
        Sample(
            str(case), f"kept out of {case.period_code}",
            f"posts on {dated[case.legal_entity_id].isoformat()}"
            if case.legal_entity_id in dated else "stays",
        )
        for case in Case.objects.filter(pk__in=list(ids))
    ]  # fmt: skip


def _link(id: int) -> str:
    return reverse("exceptions:case", args=[id])

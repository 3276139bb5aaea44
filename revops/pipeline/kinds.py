"""The acts that settle what the line detects (``faults`` has the kinds; docs/playbooks)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from accounts.models import User
from exceptions import kinds
from exceptions.kinds import Remedy
from exceptions.models import Case
from exceptions.operations import CaseRefused
from revops.delivery import gates
from revops.delivery import operations as delivery
from revops.events import operations as inbox
from revops.kernel import clock
from revops.pipeline import sources, wake
from revops.pipeline.closed.moving import goes_on_with
from revops.pipeline.faults import KINDS
from revops.pipeline.fetch import ask_soon
from revops.pipeline.flows import trouble
from revops.pipeline.flows.advance import JOURNAL
from revops.pipeline.flows.recheck import recheck
from revops.pipeline.journalize.rebooking import rebook
from revops.pipeline.models import FlowRun


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare_remedy(
        Remedy(
            "retry", "Retry", "cases.retry", by_shape=True, run=_retry, run_many=_retry_many,
            allowed=_can_retry, hint="Sends the same posting again, with the same key.",
        ),
        Remedy(
            "rebook", "Book again", "cases.retry", run=_rebook, run_many=_rebook_many,
            allowed=_can_rebook, by_shape=True,
            hint="Undoes the entry here, books it by today’s tax map, and posts only the new one.",
        ),
        Remedy(
            "check", "Check now", "cases.retry", by_shape=True, run=_check, run_many=_check_many,
            allowed=_can_check, reads_only=True, safe_to_repeat=True,
            hint="Asks the system whether it holds the posting. Sends nothing.",
        ),
        Remedy(
            "replay", "Replay the event", "cases.retry", run=_replay, run_many=_replay_many,
            allowed=_can_replay, by_shape=True,
            hint="Takes the stored event through every step again.",
        ),
        Remedy(
            "trial", "Try again now", "cases.retry", by_shape=True, run=_trial, safe_to_repeat=True,
            hint="Sends one posting; when it is answered, the others follow.",
        ),
    )  # fmt: skip
    kinds.declare_remedy(
        Remedy(
            "recheck", "Check again", "cases.retry", run=_recheck, safe_to_repeat=True,
            by_shape=True,
            hint="Looks at the records again; when the check holds, the flow goes on.",
        ),
        Remedy(
            "ask_source", "Ask the source now", "cases.retry", by_shape=True, run=_ask_source,
            allowed=_has_source, reads_only=True, safe_to_repeat=True,
            hint="Polls the system for what it has not told. Writes nothing there.",
        ),
    )  # fmt: skip
    kinds.declare(*KINDS)


def _can_retry(case: Case) -> str | None:
    return None if case.command_id else "There is no posting to send."


def _can_check(case: Case) -> str | None:
    return None if case.command_id else "There is nothing to ask about."


def _can_replay(case: Case) -> str | None:
    return None if case.inbound_id else "There is no stored event."


def _retry(case: Case, by: User) -> str:
    return _retry_many([case], by)


def _retry_many(cases: Sequence[Case], by: User) -> str:
    done, refused = delivery.retry([case.command_id for case in cases if case.command_id])
    if not done:
        raise CaseRefused(refused[0] if refused else "There is nothing to send.")
    _wake_targets(cases)
    return _count(len(done), "posting", "sent again with the same key")


def _can_rebook(case: Case) -> str | None:
    if case.command is None or case.command.subject_kind != JOURNAL:
        return "There is no entry to book again."
    return None


def _rebook(case: Case, by: User) -> str:
    return _rebook_many([case], by)


def _rebook_many(cases: Sequence[Case], by: User) -> str:
    """The cases go on with the commands that take the place of theirs."""
    done, refused = rebook([case.command_id for case in cases if case.command_id])
    if not done or refused:
        raise CaseRefused(refused[0] if refused else "There is nothing to book again.")
    by_command = {one.command_id: one for one in done}
    for case in cases:
        goes_on_with(case, by_command[case.command_id or 0])
    for connection_id in {one.connection_id for one in done}:
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)
    return f"{_count(len(done), 'document', 'booked again')} The ERP gets the new entry only."


def _check(case: Case, by: User) -> str:
    return _check_many([case], by)


def _check_many(cases: Sequence[Case], by: User) -> str:
    done, refused = delivery.check_now([case.command_id for case in cases if case.command_id])
    if not done:
        raise CaseRefused(refused[0] if refused else "There is nothing to ask about.")
    _wake_targets(cases)
    return _count(len(done), "posting", "asked about")


def _replay(case: Case, by: User) -> str:
    return _replay_many([case], by)


def _replay_many(cases: Sequence[Case], by: User) -> str:
    ids = inbox.send_again_through_the_line(
        [case.inbound_id for case in cases if case.inbound_id is not None]
    )
    if not ids:
        raise CaseRefused("The event is on its way already.")
    connections = {case.inbound.connection_id for case in cases if case.inbound is not None}
    for connection_id in connections:
        transaction.on_commit(partial(wake.line, connection_id), robust=True)
    return _count(len(ids), "event", "replayed")


def _recheck(case: Case, by: User) -> str:
    """In the transaction of the case; refused as long as something does not hold."""
    if case.record_id is None:
        raise CaseRefused("The case names no record.")
    runs = FlowRun.objects.filter(
        state="failed", record_kind=case.record_kind, record_id=case.record_id
    ).values_list("pk", flat=True)
    chosen = [run_id for run_id in runs if trouble.fingerprint(run_id) == case.fingerprint]
    still, woken = recheck(chosen, at=clock.now())
    if still or not chosen:
        raise CaseRefused(still[0] if still else "The flow has ended.")
    for connection_id in woken:
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)
    return "The check holds: the flow goes on."


def _has_source(case: Case) -> str | None:
    return None if case.connection_slug else "It comes from no system that could be asked."


def _ask_source(case: Case, by: User) -> str:
    """The next sweep polls it; an event that waits goes on by itself when its record has come."""
    source = sources.by_slug(case.connection_slug)
    if not ask_soon(source):
        raise CaseRefused(f"{source.label} tells by itself and cannot be asked.")
    return f"{source.label} is asked for what it has not told."


def _trial(case: Case, by: User) -> str:
    source = sources.by_slug(case.connection_slug)
    gates.trial(source.id)
    transaction.on_commit(partial(wake.delivery, source.id), robust=True)
    return f"{source.label} is tried again now."


def _wake_targets(cases: Sequence[Case]) -> None:
    for connection_id in {case.command.connection_id for case in cases if case.command is not None}:
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)


def _count(count: int, noun: str, what: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'} {what}."

"""The case kinds that the line detects, and the acts that settle them (docs/playbooks)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from django.db import transaction

from accounts.models import User
from exceptions import kinds
from exceptions.findings import fingerprint_of
from exceptions.kinds import Kind, Remedy
from exceptions.models import Case
from exceptions.operations import CaseRefused
from revops.delivery import gates
from revops.delivery import operations as delivery
from revops.events import operations as inbox
from revops.kernel import clock
from revops.pipeline import sources, wake
from revops.pipeline.flows import trouble
from revops.pipeline.flows.advance import JOURNAL
from revops.pipeline.flows.recheck import recheck
from revops.pipeline.journalize.rebooking import rebook
from revops.pipeline.models import FlowRun

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare_remedy(
        Remedy(
            "retry", "Retry", "cases.retry", run=_retry, run_many=_retry_many,
            allowed=_can_retry, hint="Sends the same posting again, with the same key.",
        ),
        Remedy(
            "rebook", "Book again", "cases.retry", run=_rebook, run_many=_rebook_many,
            allowed=_can_rebook,
            hint="Undoes the entry here, books it by today’s tax map, and posts only the new one.",
        ),
        Remedy(
            "check", "Check now", "cases.retry", run=_check, run_many=_check_many,
            allowed=_can_check, reads_only=True, safe_to_repeat=True,
            hint="Asks the system whether it holds the posting. Sends nothing.",
        ),
        Remedy(
            "replay", "Replay the event", "cases.retry", run=_replay, run_many=_replay_many,
            allowed=_can_replay, hint="Takes the stored event through every step again.",
        ),
        Remedy(
            "trial", "Try again now", "cases.retry", run=_trial, safe_to_repeat=True,
            hint="Sends one posting; when it is answered, the others follow.",
        ),
    )  # fmt: skip
    kinds.declare_remedy(
        Remedy(
            "recheck", "Check again", "cases.retry", run=_recheck, safe_to_repeat=True,
            hint="Looks at the records again; when the check holds, the flow goes on.",
        )
    )  # fmt: skip
    kinds.declare(*_KINDS)


_KINDS = (
    Kind("flow_stopped", "Flow cannot go on", team="RevOps", sla=DAY, playbook="flow_stopped",
         remedies=("recheck",), why="Others wait to hear of it, and nothing is provisioned.",
         fix="Correct the record in its source, then check again."),
    Kind("target_down", "System cannot be reached", team="RevOps", sla=HOUR, playbook="target_down",
         remedies=("trial",), tone="crit",
         why="Postings wait and the books of this period are incomplete until they are sent.",
         fix="When the system works again, one trial is enough: the rest follows by itself."),
    Kind("in_doubt", "In doubt", team="RevOps", sla=HOUR, playbook="in_doubt",
         remedies=("check",), tone="wait",
         why="Sending again could post it twice, so the console asks first.",
         fix="Wait for the check, or ask now. Nothing is sent by asking."),
    Kind("refused", "Refused", team="Finance", sla=DAY, playbook="refused",
         remedies=("retry", "rebook"), tone="crit",
         why="It is not where it belongs: the system that was asked said no.",
         fix="Correct what its answer names, then retry. If our tax map was wrong, book again."),
    Kind("target_setup", "Not set up in the ERP", team="Finance", sla=DAY, playbook="target_setup",
         remedies=("retry", "rebook"), tone="crit", why="The posting is not in the ERP.",
         fix="Add what is missing in the ERP, then retry. If our tax map was wrong, book again."),
    Kind("period_closed", "Closed period", team="Finance", sla=DAY, playbook="period_closed",
         remedies=("retry", "replay"), tone="crit",
         why="The posting belongs to a period that no longer takes postings.",
         fix="Reopen the period, then retry. The date is never moved silently."),
    Kind("unbalanced", "Does not balance", team="Finance", sla=DAY, playbook="unbalanced",
         remedies=("retry", "replay"), tone="crit", why="Debits and credits differ.",
         fix="Find the difference in the source, then replay."),
    Kind("conflict", "Other content in the ERP", team="Finance", sla=DAY, playbook="conflict",
         tone="crit", why="The ERP holds something else under our key.",
         fix="Compare both and reverse the wrong one in the ERP."),
    Kind("duplicate_posting", "Posted twice", team="Finance", sla=DAY,
         playbook="duplicate_posting", tone="crit", why="The money is in the books more than once.",
         fix="Reverse one of them in the ERP."),
    Kind("poison", "Ends its worker", team="RevOps", sla=DAY, playbook="poison", dead_letter=True,
         remedies=("retry", "replay"), tone="crit",
         why="It was put aside so that others go on.", fix="Find the fault, then retry."),
    Kind("schema_drift", "Unknown event", team="RevOps", sla=DAY, playbook="schema_drift",
         remedies=("replay",), why="What the event says is not in the books.", dead_letter=True,
         fix="Teach the connector this event, then replay."),
    Kind("mapping_missing", "Missing mapping", team="Finance", sla=DAY, playbook="mapping_missing",
         remedies=("replay",), tone="crit", why="The document is not in the books.",
         fix="Map it: when a second person agrees, its cases go on by themselves."),
    Kind("more_than_charged", "More given back than was charged", team="Finance", sla=DAY,
         playbook="more_than_charged", remedies=("replay",), tone="crit",
         why="More would be taken back than was ever booked.",
         fix="Correct the credit in the source, then replay."),
    Kind("service_period_missing", "No service period", team="Finance", sla=DAY,
         playbook="service_period_missing", remedies=("replay",),
         why="Revenue cannot be spread without a service period.",
         fix="Map the SKU as recognised at once, or correct it in billing; then replay."),
    Kind("event_conflict", "Conflicting events", team="RevOps", sla=DAY, playbook="event_conflict",
         remedies=("replay",), why="The books keep what came first.", dead_letter=True,
         fix="Find out which one is right in the source."),
    Kind("card_number", "Card number came in", team="RevOps", sla=DAY, playbook="card_number",
         tone="crit", why="Whole card numbers must not be sent here; the sender breaks its rules.",
         fix="Find where it is typed in at the source, and stop it there."),
    Kind("webhooks_missing", "Missing webhooks", team="RevOps", sla=DAY,
         playbook="webhooks_missing",
         why="Without webhooks the books learn of business minutes later.",
         fix="Check the endpoint in the source. The console goes on asking by itself."),
    Kind("missing_in_target", "Gone from the ERP", team="Finance", sla=DAY,
         playbook="missing_in_target", tone="crit",
         why="The ERP's books lack a posting that was made.",
         fix="Ask who deleted it, and post it again in the ERP."),
    Kind("changed_in_target", "Changed in the ERP", team="Finance", sla=DAY,
         playbook="changed_in_target", tone="crit",
         why="The ERP's books differ from the event.",
         fix="Ask who changed it; correct it in the ERP."),
    Kind("foreign_posting", "Unknown posting with our key", team="Finance", sla=DAY,
         playbook="foreign_posting", tone="crit",
         why="Somebody posts under our keys, or our books were restored to an earlier time.",
         fix="After a restore, run the recovery; otherwise reverse it in the ERP."),
    Kind("ownership_drift", "Systems differ on money", team="RevOps", sla=DAY,
         playbook="ownership_drift",
         why="Billing follows what one system believes; another one says something else.",
         fix="Correct the system that is wrong; the case closes when they agree."),
    Kind("dependency_overdue", "Waits for another record", team="RevOps", sla=DAY,
         playbook="dependency_overdue", remedies=("replay",),
         why="It cannot be booked before the record it refers to.",
         fix="Find the missing record in the source; it goes on by itself when it arrives."),
    Kind("period_end_failed", "Period end not finished", team="Finance", sla=DAY,
         playbook="period_end_failed", tone="crit",
         why="The books of the period lack what its end adds, so that they are not ready to close.",
         fix="Mend what the cause names; the run is made again every day, or on request."),
    Kind("audit_trail_broken", "Audit trail does not hold", team="Finance", sla=4 * HOUR,
         playbook="audit_trail_broken", tone="crit",
         why="Who did what, and who agreed, is not proven until this is understood.",
         fix="Keep the evidence, find out who changed it, then verify again."),
)  # fmt: skip


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
        one = by_command[case.command_id or 0]
        Case.objects.filter(pk=case.pk).update(
            command=one.by_command, record_kind=JOURNAL, record_id=one.entry_id,
            fingerprint=fingerprint_of(case.kind, f"command:{one.by_command}"),
        )  # fmt: skip
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

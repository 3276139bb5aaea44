"""
What waited for a map goes through the line again: a job, at a rate, with an outcome for each case.

It is started when a change of the maps is in force, in the name of whoever asked for the change;
somebody else agreed to it, or a policy says that nobody has to. What became of a case is read from
the ERP's confirmation of its posting, not from what the job did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.urls import reverse

from accounts.models import User
from accounts.queries import NotAllowed
from exceptions import operations as cases
from exceptions.models import Case, CaseState
from exceptions.remedies import choice
from revops.audit.operations import nothing_to_record, recorded
from revops.jobs import kinds
from revops.jobs import operations as jobs
from revops.jobs.kinds import Frozen, JobKind, Outcome, Sample
from revops.jobs.models import ItemState, Job
from revops.kernel.money import Money
from revops.pipeline.replay.limits import pace
from revops.store import rows, sql

SLUG: Final = "maps.replay"
REMEDY: Final = "replay"
_A_MINUTE: Final = 1_200
_GONE: Final = Outcome("skipped", "It was settled meanwhile.")


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare(
        JobKind(
            SLUG, "Retry after a fix", "cases.retry", freeze=_freeze, run=_run, noun="case|cases",
            samples=_samples, link=_link, now=_now, rate=_A_MINUTE, batch=100, pace=pace,
            warning="Each document is booked by the maps as they are now, and posted once.",
        )
    )  # fmt: skip


@recorded
def go_on(
    *, cause_keys: Sequence[str], by: User, title: str, scope: str, reason: str,
    options: Mapping[str, Any],
) -> Job | None:  # fmt: skip
    """
    Start the job for every unresolved case of these causes, in the caller's transaction. None when
    there is none that can, or the person may not send again.
    """
    waiting = Case.objects.exclude(state=CaseState.RESOLVED).filter(cause_key__in=list(cause_keys))
    # Whoever agrees may see fewer entities than the one who asked: each item is checked as it runs.
    with rows.widened():
        ids = list(waiting.order_by("opened_at", "pk").values_list("pk", flat=True))
        if not ids:
            nothing_to_record("nothing waited for it")
            return None
        try:
            job = jobs.draft(
                kind=SLUG, ids=ids, by=by, title=title, scope_text=scope,
                options={**options, "causes": sorted(cause_keys)},
            )  # fmt: skip
        except NotAllowed:
            nothing_to_record("who asked for the change may not send again")
            return None
        if not job.items.filter(state=ItemState.PENDING).exists():
            job.delete()
            nothing_to_record("nothing of it can be retried")
            return None
        return jobs.start(job_id=job.pk, by=by, reason=reason)


def _freeze(ids: Sequence[int], options: Mapping[str, Any]) -> list[Frozen]:
    found = Case.objects.select_related("legal_entity", "command", "inbound").defer(
        "command__payload", "inbound__body", "what_happened"
    )
    return [
        Frozen(
            case.pk, str(case), case.subject_label or case.cause,
            entity=case.legal_entity.code if case.legal_entity else "", period=case.period_code,
            amount=Money(case.at_stake, case.currency)
            if case.at_stake is not None and case.currency else None,
            excluded=choice(case, REMEDY)[1],
        )
        for case in found.filter(pk__in=list(ids)).order_by("opened_at", "pk")
    ]  # fmt: skip


def _run(ids: Sequence[int], by: User, job: Job) -> dict[int, Outcome]:
    done = cases.retry_each(case_ids=ids, remedy=REMEDY, by=by)
    return {
        id: Outcome("done" if done[id][0] else "failed", done[id][1]) if id in done else _GONE
        for id in ids
    }


def _samples(ids: Sequence[int], options: Mapping[str, Any]) -> list[Sample]:
    found = Case.objects.filter(pk__in=list(ids))
    return [Sample(str(one), one.cause, "booked by the maps as they are now") for one in found]


_POSTINGS: Final = """
SELECT held.id, held.state AS standing, command.state, command.external_number,
    connection.label, connection.id AS connection_id
FROM exceptions_case held
LEFT JOIN events_businessevent told ON told.inbound_id = held.inbound_id
LEFT JOIN ledger_journalentry entry ON entry.business_event_id = told.id
LEFT JOIN delivery_outboundcommand command
    ON command.subject_kind = 'journal' AND command.subject_id = entry.id
LEFT JOIN connectors_connection connection ON connection.id = command.connection_id
WHERE held.id = ANY(%s)
"""


def _now(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Posted only where every posting of the case is confirmed by the ERP."""
    found: dict[int, tuple[str, str]] = {}
    for row in sql.rows(_POSTINGS, (list(ids),)):
        if row.standing != CaseState.RESOLVED:
            found[row.id] = (row.standing, "")
        elif row.state is None:
            found.setdefault(row.id, ("processed", ""))
        elif row.state != "posted":
            found[row.id] = (row.state, "")
        elif found.get(row.id, ("posted",))[0] in ("posted", "processed"):
            found[row.id] = ("posted", f"Posted in {row.label}")
    return found


def _link(id: int) -> str:
    return reverse("exceptions:case", args=[id])

"""
Replaying chosen events as a job: at a rate, in order, with what became of each.

A replay gives events back to the line, which knows what it has booked: an entry is found by its
identity and a command by its key, so nothing is booked or posted twice however often it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Func, IntegerField, OuterRef, Subquery
from django.urls import reverse

from accounts.models import User
from approvals import operations as approvals
from exceptions.models import UNRESOLVED, Case
from revops.events import operations as inbox
from revops.events.models import BusinessEvent, InboundEvent, InboxState
from revops.jobs import kinds
from revops.jobs.kinds import Frozen, JobKind, Outcome, Sample
from revops.jobs.models import ItemState, Job
from revops.jobs.operations import JobRefused
from revops.kernel import clock
from revops.kernel.money import Money
from revops.pipeline import wake
from revops.pipeline.replay.limits import ALONE, WORTH, budget, money_of, pace, why_not_alone
from revops.pipeline.replay.rehearse import dry_run, sentence_of
from revops.web.formats import money_text

SLUG: Final = "events.replay"
APPROVAL: Final = "events_replay"
RATES: Final = {60: "60 a minute", 600: "600 a minute", 6_000: "6,000 a minute"}
ORDERS: Final = {"came": "as they came", "happened": "as they happened"}
_UNDER_WAY: Final = "It is on its way through the line already."
_GONE: Final = "Its payload was deleted when its time was over."


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare(
        JobKind(
            SLUG, "Replay", "cases.replay", freeze=_freeze, run=_run, hold=_hold,
            samples=_samples, link=_link, now=_now, noun="event|events", rate=600, batch=200,
            warning="What is in the books already is not booked again, and nothing is posted twice."
            f" More than {ALONE} events, or {WORTH:,} at stake, wait for a manager’s yes.",
            pace=pace, budget=budget,
        )
    )  # fmt: skip


def _freeze(ids: Sequence[int], options: Mapping[str, Any]) -> list[Frozen]:
    """In the order of ``ids``, which the caller put in the order that was chosen."""
    told = BusinessEvent.objects.filter(inbound=OuterRef("pk")).order_by("position")
    # What waits to be booked: an event that is in the books already moves nothing.
    held = Case.objects.filter(UNRESOLVED, inbound=OuterRef("pk")).order_by("pk")
    size = Func(F("body"), function="octet_length", output_field=IntegerField())
    found = {
        row["pk"]: row
        for row in InboundEvent.objects.filter(pk__in=list(ids))
        .annotate(
            size=size,
            entity=Subquery(told.values("legal_entity")[:1]),
            owner=Subquery(held.values("legal_entity__code")[:1]),
            period=Subquery(held.values("period_code")[:1]),
            currency=Subquery(held.values("currency")[:1]),
            at_stake=Subquery(held.values("at_stake")[:1]),
        )
        .values(
            "pk",
            "state",
            "type",
            "object_id",
            "size",
            "entity",
            "owner",
            "period",
            "currency",
            "at_stake",
        )
    }
    return [
        Frozen(
            row["pk"], f"EVT-{row['pk']}", f"{row['type']} {row['object_id']}".strip(),
            entity=row["owner"] or row["entity"] or "", period=row["period"] or "",
            amount=Money(row["at_stake"], row["currency"])
            if row["at_stake"] is not None and row["currency"] else None,
            excluded=_why_not(row),
        )
        for row in (found[id] for id in ids if id in found)
    ]  # fmt: skip


def _why_not(row: Mapping[str, Any]) -> str:
    if row["state"] == InboxState.RECEIVED:
        return _UNDER_WAY
    return "" if row["size"] else _GONE


def _run(ids: Sequence[int], by: User, job: Job) -> dict[int, Outcome]:
    held = InboundEvent.objects.filter(pk__in=list(ids)).exclude(body=b"")
    connections = dict(held.values_list("pk", "connection"))
    taken = set(inbox.send_again_through_the_line(list(connections)))
    for connection_id in {connections[id] for id in taken}:
        transaction.on_commit(partial(wake.line, connection_id), robust=True)
    done = Outcome("done", "Given back to the line.")
    return {
        id: done if id in taken
        else Outcome("skipped", _UNDER_WAY if id in connections else _GONE)
        for id in ids
    }  # fmt: skip


def _hold(job: Job, by: User) -> str:
    why = why_not_alone(job, at=clock.now())
    if not why:
        return ""
    entities = [one for one in job.entities if one]
    money = money_of(job)
    try:
        asked = approvals.ask(
            subject=APPROVAL, subject_id=job.pk, by=by, note=job.reason,
            entity=entities[0] if len(job.entities) == len(entities) == 1 else "",
            amount=money[0] if len(money) == 1 else None,
            content={
                "job": job.pk, "events": job.items.filter(state=ItemState.PENDING).count(),
                "entities": entities, "chosen": job.scope_text, "limit": why,
                "money": [money_text(amount) for amount in money],
                "order": ORDERS[job.options.get("order", "came")], "rate": job.rate,
                "reason": job.reason,
            },
        )  # fmt: skip
    except approvals.ApprovalRefused as refusal:
        raise JobRefused(str(refusal)) from refusal
    return f"{why} Waits for somebody else’s yes: {asked}."


def _samples(ids: Sequence[int], options: Mapping[str, Any]) -> list[Sample]:
    found = dry_run(ids)
    held = InboundEvent.objects.filter(pk__in=list(ids)).only("state")
    states = {one.pk: one.get_state_display() for one in held}
    return [
        Sample(
            f"EVT-{one.inbound_id}", states.get(one.inbound_id, ""),
            sentence_of(found.piles[one.inbound_id], one),
        )
        for one in found.imagined.answers
    ]  # fmt: skip


def _now(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    found = InboundEvent.objects.filter(pk__in=list(ids)).values_list("pk", "state")
    return {id: (state, "") for id, state in found}


def _link(id: int) -> str:
    return reverse("events:event", args=[id])

"""Addresses at which pages show what they can show: of the records that the stage holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import urlencode

from django.db.models import Model

from accounts.models import User
from approvals.models import ApprovalRequest, Policy
from exceptions.models import Case
from revops.canonical.models import (
    Invoice,
    Merge,
    MergeProposal,
    Subscription,
)
from revops.credits.models import Rule, ServiceCredit
from revops.events.models import InboundEvent
from revops.jobs import operations as jobs
from revops.kernel import clock
from revops.ledger.models import JournalEntry, RevenueSchedule
from revops.mappings.changing import Change
from revops.mappings.kinds import get
from revops.mappings.models import AccountingPeriod, ChangeSet
from revops.mappings.operations import sets
from revops.pipeline.changes import asking
from revops.pipeline.models import FlowRun
from revops.usage.models import Account, RatedLine
from tests.browser.stage import Stage


def at(path: str) -> Callable[[Stage], str]:
    return lambda stage: path


def event_of(state: str) -> Callable[[Stage], str]:
    """The newest event in a state."""
    found = InboundEvent.objects.filter(state=state)
    return lambda stage: f"/events/EVT-{found.latest('pk').pk}/"


def case(kind: str) -> Callable[[Stage], str]:
    return lambda stage: f"/exceptions/EXC-{stage.case[kind].pk}/"


def cause(kind: str) -> Callable[[Stage], str]:
    return lambda stage: f"/exceptions/causes/{stage.case[kind].cause_key}/"


def fix_of(kind: str, **typed: str) -> Callable[[Stage], str]:
    """A cause's page with its fix filled in, as the preview is asked for."""
    said = {"label": "", "deferral_account": "2300", "convention": "daily"} | typed
    query = urlencode({f"fix-{name}": value for name, value in said.items()})
    return lambda stage: f"{cause(kind)(stage)}?{query}"


def resolved(stage: Stage) -> str:
    return f"/exceptions/EXC-{Case.objects.filter(state='resolved').latest('pk').pk}/"


def settled_cause(stage: Stage) -> str:
    """A cause of which nothing is open any more."""
    still = Case.objects.exclude(state="resolved").values("cause_key")
    found = Case.objects.filter(state="resolved").exclude(cause_key__in=still).latest("pk")
    return f"/exceptions/causes/{found.cause_key}/"


def user(name: str) -> int:
    return User.objects.get(name__startswith=name).pk


def paid() -> Invoice:
    return Invoice.objects.filter(state="paid").latest("pk")


def party() -> int:
    return paid().customer.party_id


def pair(state: str) -> Callable[[Stage], str]:
    def address(stage: Stage) -> str:
        found = MergeProposal.objects.filter(state=state).latest("score", "pk")
        return f"/customers/duplicates/{found.pk}/"

    return address


def merge(stage: Stage) -> str:
    return f"/customers/duplicates/merges/{Merge.objects.latest('pk').pk}/"


def subscription() -> int:
    return Subscription.objects.latest("pk").pk


def schedule() -> int:
    return RevenueSchedule.objects.latest("pk").pk


def period(stage: Stage) -> str:
    found = AccountingPeriod.objects.filter(state="open").earliest("starts")
    return f"/books/periods/{found.pk}/"


def closed_period(stage: Stage) -> str:
    found = AccountingPeriod.objects.filter(state="closed").latest("starts")
    return f"/books/periods/{found.pk}/"


def event(kind: str, stage: Stage) -> str:
    return f"/lineage/event/{stage.case[kind].inbound_id}/"


def invoice_of(kind: str) -> Callable[[Stage], str]:
    def address(stage: Stage) -> str:
        entry = JournalEntry.objects.get(pk=stage.case[kind].record_id)
        return f"/lineage/invoice/{entry.record_id}/"

    return address


def newest(model: type[Model], **chosen: object) -> Callable[[Stage], str]:
    """The thread of the newest record of that kind."""

    def address(stage: Stage) -> str:
        found = model._default_manager.filter(**chosen).latest("pk")
        return f"/lineage/{found._meta.model_name}/{found.pk}/"

    return address


def bulk_job(*, start: bool = False) -> Callable[[Stage], str]:
    """A job of Ines's about every open case; started, it waits for a worker."""

    def address(stage: Stage) -> str:
        ines = stage.person("Ines")
        ids = Case.objects.exclude(state="resolved").values_list("pk", flat=True)
        job = jobs.draft(
            kind="cases.retry", ids=ids, by=ines, title="Retry", options={"remedy": ""},
            scope_text="All that match: All open",
        )  # fmt: skip
        if start:
            # Its time is not today: other tests let the worker go on, and these cases are theirs.
            due = clock.now() + timedelta(days=1)
            jobs.start(job_id=job.pk, by=ines, reason="The period is open again.", at=due)
        return f"/bulk/BLK-{job.pk}/"

    return address


def change_set(*, sent: bool = False) -> Callable[[Stage], str]:
    """A change set of Ines's about a tax code; sent, it waits for finance."""

    def address(stage: Stage) -> str:
        ines = stage.person("Ines")
        code = "txr_us_wa" if sent else "txr_us_or"
        row = Change("set", "US-INC", code, date(2026, 11, 1), None, {"account": "2100"})
        kept = ChangeSet.objects.filter(rows__key=code).first()
        held = kept or sets.put(kind=get("tax-codes"), changes=[row], by=ines, source=code)
        if sent and held.state == "draft":
            asking.send(set_id=held.pk, by=ines, reason="Washington taxes services now.")
        return f"/mappings/changes/{held}/"

    return address


def journal(stage: Stage) -> str:
    return f"/journals/JE-{JournalEntry.objects.filter(document_type='invoice').earliest('pk').pk}/"


def journal_in_doubt(stage: Stage) -> str:
    return f"/journals/JE-{stage.case['in_doubt'].record_id}/"


def dearest() -> RatedLine:
    return RatedLine.objects.latest("amount")


def account() -> int:
    return Account.objects.get(subscription_id=dearest().subscription_id).pk


def run(stage: Stage) -> str:
    return f"/flows/runs/{FlowRun.objects.filter(flow='invoice.issued').latest('pk').pk}/"


def credit(end: str = "", **chosen: object) -> Callable[[Stage], str]:
    """The newest request of that sort, or what lies under it."""
    return lambda stage: f"/credits/{ServiceCredit.objects.filter(**chosen).latest('pk').pk}/{end}"


def term(end: str) -> Callable[[Stage], str]:
    """Something of the newest rule, whose id stands where ``end`` has braces."""
    return lambda stage: f"/credits/terms/{end.format(Rule.objects.latest('pk').pk)}"


def case_without_credit(stage: Stage) -> str:
    return "/credits/new?ticket=ZD-48254"


def approval(**chosen: object) -> Callable[[Stage], str]:
    """The newest request like that."""

    def address(stage: Stage) -> str:
        return f"/approvals/APR-{ApprovalRequest.objects.filter(**chosen).latest('pk').pk}/"

    return address


def together(stage: Stage) -> str:
    waiting = ApprovalRequest.objects.filter(state="waiting", tier=1, subject="service_credit")
    picked = "&".join(f"pick={one.pk}" for one in waiting)
    return f"/approvals/together/?{picked}"


def policy(stage: Stage) -> str:
    return f"/approvals/policies/{Policy.objects.get(subject='service_credit').pk}/"


# By the name of the address. Those that answer with no page are in NO_PAGES.

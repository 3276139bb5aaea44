"""
The demo company's support desk: what its plans promise, cases that missed it, and the people who
ask for credits and decide them. Everything is an event or an operation of the product; ``play`` is
called again and again, and each time does what has become possible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.operations.setting import MANAGER, MONEY, begin_with
from connectors.models import Connection
from revops.canonical.models import Invoice, SupportCase
from revops.credits import life
from revops.credits.life import CannotChange
from revops.credits.models import Promise, Rule, ServiceCredit
from revops.credits.operations import drafting, sending, terms
from revops.credits.operations.otherwise import OTHERWISE
from revops.credits.operations.reversing import REVERSAL
from revops.credits.operations.sending import Incomplete
from revops.credits.queries.sheet import SUBJECT, Draft
from revops.events.models import Channel
from revops.kernel import clock, correlation
from revops.kernel.actor import system
from revops.kernel.clock import local_date
from revops.pipeline import receive
from revops.sandbox import books, company, contacts
from revops.sandbox.contacts import DESK

log = structlog.get_logger(__name__)

_ZONE: Final = "America/New_York"  # of US Inc, whose customers have the cases
_SINCE: Final = date(books.FIRST_YEAR, 1, 1)
_BY: Final = system("demo", "Demo company")
# (plan, promise, severity, target, share of the month, most of a term), in hundredths of a percent
_PROMISES: Final = (
    ("price_team_yearly", "availability", "", "99.9 % a month", 1_000, 3_000),
    ("price_team_yearly", "first_response", "1", "First answer in 4 hours", 500, 3_000),
    ("price_scale_yearly", "availability", "", "99.95 % a month", 1_500, 4_000),
    ("price_scale_yearly", "first_response", "", "First answer in 1 hour", 500, 4_000),
    ("price_team_monthly", "availability", "", "99.9 % a month", 1_000, 3_000),
)
_PLANS: Final = {
    "price_team_yearly": "Team plan",
    "price_scale_yearly": "Scale plan",
    "price_team_monthly": "Team plan, monthly",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A case, and how far its credit is to come."""

    number: str
    title: str
    severity: str
    promise: str
    ends: str


SCENES: Final = (
    Scene("ZD-48213", "API requests fail in us-west", "1", "availability", "issued"),
    Scene("ZD-48190", "Exports stop half way", "1", "availability", "waiting"),
    Scene("ZD-48160", "Sign-in is down for everybody", "1", "availability", "rejected"),
    Scene("ZD-48102", "Webhooks are not delivered", "1", "availability", "sent_back"),
    Scene("ZD-47988", "Dashboards show yesterday", "1", "availability", "withdrawn"),
    Scene("ZD-48301", "No answer since this morning", "1", "first_response", "draft"),
    Scene("ZD-48254", "Search finds nothing", "3", "availability", "nobody"),
    # Nobody sends it: it expires when its day is over.
    Scene("ZD-48260", "A nightly file came late", "4", "availability", "draft"),
)
# A company with fewer customers goes without the last scene.
_FEWEST: Final = 7
_GOODWILL: Final = "Goodwill after the move"


def seed() -> None:
    """Promises, the rule, and who decides; doing it again changes nothing."""
    with transaction.atomic():
        for subject in (SUBJECT, REVERSAL, OTHERWISE):
            begin_with(subject=subject, tiers=MONEY, since=_SINCE, made_by="Demo company")
        begin_with(subject=terms.TERMS, tiers=MANAGER, since=_SINCE, made_by="Demo company")
    if not Promise.objects.exists():
        for plan, promise, severity, target, gives, most in _PROMISES:
            terms.promise(
                by=_BY, label=f"{_PLANS[plan]}, {promise.replace('_', ' ')}", plan=plan,
                promise=promise, severity=severity, target=target, gives=gives, most=most,
                since=_SINCE,
            )  # fmt: skip
    if not Rule.objects.exists():
        terms.rule(
            by=_BY, name="Severity 1 over SLA", reason_code="uptime", severities=["1", "2"],
            promise="availability", since=_SINCE,
        )  # fmt: skip
        terms.rule(
            by=_BY, name="First answer too late", reason_code="response", severities=["1", "2"],
            promise="first_response", since=_SINCE,
        )  # fmt: skip
        terms.rule(
            by=_BY, name="Small delays, asked for within a day", reason_code="late_delivery",
            severities=["4"], promise="availability", keeps_days=1, since=_SINCE,
        )  # fmt: skip


def play() -> int:
    """What has become possible since the last time; how much was done."""
    if not settings.REVOPS_DEMO:
        return 0
    if not SupportCase.objects.filter(source_id=SCENES[0].number).exists():
        return _open()
    done = 0
    for scene in SCENES:
        # What a visitor writes about one of these cases is theirs to send.
        raised = ServiceCredit.objects.filter(ticket=scene.number, rule__isnull=False)
        credit = raised.order_by("pk").first()
        if credit is not None:
            done += _go_on(credit, scene.ends)
    return done + _goodwill()


def _open() -> int:
    """The desk tells of its cases as soon as there are customers to have them."""
    today = local_date(clock.now(), _ZONE)
    for day in (today - timedelta(days=1), today):
        billed = _billed(day)
        if len(billed) >= _FEWEST:
            scenes = list(zip(SCENES, billed, strict=False))
            if not Connection.objects.filter(slug=DESK).exists():
                tell(scenes, day=day)
            elif not contacts.open_tickets([_ticket(*pair, day) for pair in scenes]):
                return 0
            return len(scenes)
    return 0


def _ticket(scene: Scene, invoice: Invoice, day: date) -> dict[str, Any]:
    """What the customer opens at the desk, where a monitor has marked the broken promise."""
    return {
        "number": int(scene.number.removeprefix(contacts.PREFIX)), "subject": scene.title,
        "priority": {"1": "urgent", "3": "normal", "4": "low"}[scene.severity],
        "customer_ref": invoice.customer.source_id, "customer": invoice.customer.name,
        "invoice_ref": invoice.source_id, "promise": scene.promise,
        "promise_day": day.isoformat(),
        "opened_at": min(datetime.combine(day, time(14, 5), tzinfo=UTC), clock.now()).isoformat(),
    }  # fmt: skip


def tell(broken: Sequence[tuple[Scene, Invoice]], *, day: date | None = None) -> Connection:
    """
    Cases of these invoices' customers missed their SLA on a day, yesterday when none is given. The
    connection that tells it: the support desk's, or that of sales where there is none.
    """
    desk = Connection.objects.filter(slug__in=(DESK, company.SALESFORCE)).order_by("-slug").first()
    assert desk is not None
    day = day or clock.now().date() - timedelta(days=1)
    at = min(datetime.combine(day, time(14, 5), tzinfo=UTC), clock.now())
    items = [
        receive.Offered(
            id=f"desk:{scene.number}", contract="sla.breached/1",
            occurred_at=at + timedelta(minutes=place), data=_case(scene, invoice, day),
        )
        for place, (scene, invoice) in enumerate(broken)
    ]  # fmt: skip
    receive.accept(
        connection_slug=desk.slug, items=items, channel=Channel.API,
        correlation_id=correlation.new_id(),
    )  # fmt: skip
    return desk


def _billed(day: date) -> Sequence[Invoice]:
    """One invoice of each of some customers, of plans that promise something."""
    rows = (
        Invoice.objects.filter(
            state__in=("issued", "paid"), credited=0, legal_entity__code="US-INC",
            lines__sku__in=list(_PLANS), lines__service_start__lte=day, lines__service_end__gte=day,
        )
        .select_related("customer")
        .order_by("customer_id", "pk")
        .distinct("customer_id")
    )  # fmt: skip
    return list(rows[: len(SCENES)])


def _case(scene: Scene, invoice: Invoice, day: date) -> dict[str, Any]:
    return {
        "case_id": scene.number, "customer_ref": invoice.customer.source_id, "title": scene.title,
        "severity": scene.severity, "status": "open", "opened_on": day.isoformat(),
        "invoice_ref": invoice.source_id, "promise": scene.promise, "breached_on": day.isoformat(),
    }  # fmt: skip


def _go_on(credit: ServiceCredit, ends: str) -> int:
    """The next thing that somebody does about it, if it is not there yet."""
    tom, marcus = _person("tom"), _person("marcus")
    try:
        if credit.state == life.DRAFT and credit.approval_id is None and ends != "draft":
            sending.send(by=tom, credit_id=credit.pk)
        elif credit.state == life.WAITING and ends in _VERDICTS:
            _VERDICTS[ends](credit, marcus if ends != "withdrawn" else tom)
        else:
            return 0
    except (CannotChange, Incomplete, NotAllowed, approvals.ApprovalRefused) as error:
        log.info("desk.not_possible", credit=credit.number, why=str(error))
        return 0
    return 1


def _decide(verdict: str, reason: str) -> Callable[[ServiceCredit, User], None]:
    def decide(credit: ServiceCredit, by: User) -> None:
        request = ApprovalRequest.objects.get(pk=credit.approval_id or 0)
        approvals.decide(
            request_id=request.pk, verdict=verdict, by=by, seen=request.sha256, reason=reason
        )

    return decide


def _withdraw(credit: ServiceCredit, by: User) -> None:
    sending.withdraw(by=by, credit_id=credit.pk, reason="The customer was online all the time.")


_VERDICTS: Final[dict[str, Callable[[ServiceCredit, User], None]]] = {
    "issued": _decide("approve", "Measured by the status monitor."),
    "rejected": _decide("reject", "Wait until the month is measured to its end."),
    "sent_back": _decide("send_back", "Which of the two outages was it?"),
    "withdrawn": _withdraw,
}


def _goodwill() -> int:
    """A credit without a broken promise, asked for by finance from an invoice."""
    if ServiceCredit.objects.filter(note__startswith=_GOODWILL).exists():
        return 0
    taken = ServiceCredit.objects.values("invoice_id")
    invoice = (
        Invoice.objects.filter(state="paid", credited=0, legal_entity__code="US-INC")
        .exclude(pk__in=taken)
        .order_by("-net", "pk")
        .first()
    )
    if invoice is None:
        return 0
    draft = Draft(
        sought=invoice.number, invoice_id=invoice.pk, credit_type="contract_concession",
        reason_code="quality", amount="1200.00",
        note=f"{_GOODWILL}: two modules came a quarter late. Agreed with sales.",
    )  # fmt: skip
    priya = _person("priya")
    try:
        credit, found = drafting.save(by=priya, draft=draft)
        if not found.problems:
            sending.send(by=priya, credit_id=credit.pk)
    except (CannotChange, Incomplete, NotAllowed, approvals.ApprovalRefused) as error:
        log.info("desk.not_possible", why=str(error))
        return 0
    return 1


def _person(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.example")

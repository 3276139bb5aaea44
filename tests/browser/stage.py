"""
The demo company after a week, for people who look: every record on it came by the line.

``set()`` plays it on an empty database with the sandboxes of ``rehearsal.served``: what is posted,
refused, in doubt, put aside and settled. Nothing is written past the line, so that no page shows
a state which the product cannot reach.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connections
from django.test import override_settings

from accounts.models import User
from approvals import operations as approvals
from approvals.policies import TierTerms
from connectors.models import Connection
from connectors.systems.stripe.sandbox import scenarios
from exceptions import operations as cases
from exceptions.models import Case
from revops.canonical.models import Customer, Invoice, MergeProposal
from revops.credits.models import ServiceCredit
from revops.credits.tasks import turn as look_at_credits
from revops.delivery.models import OutboundCommand
from revops.events.models import Channel
from revops.jobs import operations as jobs
from revops.kernel import clock, correlation
from revops.ledger.models import JournalEntry
from revops.mappings.models import AccountingPeriod
from revops.mappings.queries import today
from revops.pipeline import identity, process, send, sources
from revops.pipeline.metering import door, turn
from revops.pipeline.period_end import periods
from revops.sandbox import company, desk, metered
from revops.usage.reading import Raw
from tests.pipeline.rehearsal import Rehearsal

TEAM: Final = {
    "price": "price_team_yearly", "amount": 1_200_000, "legal_entity": "US-INC",
}  # fmt: skip
LATE: Final = 12
_TWINS: Final = {
    "Alder Analytics GmbH": "alder1", "Birch Logistics Ltd": "birch2",
    "Cedar Health, Inc.": "cedar3",
}  # fmt: skip
_MAIN: Final = ("Alder Analytics", "Birch Logistics", "Cedar Health")


@dataclass
class Stage:
    """``case`` holds one case of each kind, ``month`` the closed period that most of them name."""

    line: Rehearsal
    month: str = ""
    case: dict[str, Case] = field(default_factory=dict)

    def person(self, first_name: str) -> User:
        """Somebody of the demo company, by first name: ``stage.person("Priya")``."""
        return User.objects.get(email=f"{first_name.lower()}@demo.example")

    def tell(self) -> None:
        """Bring what Stripe has to tell, and take it through the line and out."""
        self.line.deliver()
        self.move()

    def move(self, *, poll: bool = False) -> None:
        """
        Everything that is due, through the line and out; with ``poll``, ask Stripe first. In a
        thread of its own: in this one runs the browser's event loop, and sending needs its own.
        """
        with ThreadPoolExecutor(1) as thread:
            thread.submit(self._move, poll).result()

    def _move(self, poll: bool) -> None:
        try:
            if poll:
                self.line.poll()
            while self.line.advance() + self.line.send():
                pass
        finally:
            connections.close_all()

    def customers(self, count: int, **given: Any) -> list[Invoice]:
        """New customers with a subscription each, as Stripe tells them; their first invoices."""
        made = scenarios.customers(self.line.stripe, **({"count": count} | given))["made"]
        self.tell()
        return list(Invoice.objects.filter(source_id__in=[one["invoice"] for one in made]))

    def open_case_of(self, invoice: Invoice) -> Case:
        """The case of an invoice's journal."""
        journals = JournalEntry.objects.filter(record_kind="invoice", record_id=invoice.pk)
        return Case.objects.exclude(state="resolved").get(record_id__in=journals.values("pk"))

    def wait(self, happened: Callable[[], object], *, seconds: float = 15) -> None:
        """Move until it happened."""
        stop = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < stop, f"It did not happen; {self.line.states()}"
            self.move()
            time.sleep(0.05)

    def credits_go_on(self) -> None:
        """What was decided goes to billing, what billing made comes back and into the ERP."""
        self.line.advance()
        look_at_credits()
        with ThreadPoolExecutor(1) as thread:
            thread.submit(_to_billing, self.line.source.pk).result()
        self.tell()
        look_at_credits()

    def replayed(self) -> bool:
        """A slice of what runs in bulk, and what it sets off."""
        while jobs.advance():
            pass
        self.move()
        return True

    def period(self, state: str) -> None:
        """Close or open the late month in the ERP, as its own people would."""
        self.line.control("periods", {self.month: state})


def set_up(line: Rehearsal) -> Stage:
    """A week of business with all that can go wrong in it. Takes some seconds."""
    stage = Stage(line)
    # Of the books farthest west: in the first hours of a month in UTC theirs is the one before.
    day = today(clock.now()).first.replace(day=1) - timedelta(days=6)
    last_month = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    stage.month = f"{last_month:%Y-%m}"
    line.fault()
    with override_settings(REVOPS_SETTLE_SCALE=0.0):
        _business(stage)
        _settled(stage)
        _put_aside(stage)
    _refused(stage)
    _half(stage)
    _in_doubt(stage)
    _late(stage, last_month)
    _used(stage)
    _alike(stage)
    _credited(stage)
    _asked(stage)
    for case in line.open_cases():
        stage.case.setdefault(case.kind, case)
    return stage


def _business(stage: Stage) -> None:
    """Three entities in three currencies: paid, declined, voided, refunded, paid out."""
    stage.customers(5, declined=1, **TEAM)
    stage.customers(
        2, price="price_team_monthly", amount=98_000, interval="month", tax_percent="20",
        currency="gbp", legal_entity="UK-LTD",
    )  # fmt: skip
    stage.customers(
        2, price="price_seat_monthly", amount=64_500, interval="month", tax_percent="19",
        currency="eur", legal_entity="DE-GMBH",
    )  # fmt: skip
    stripe = stage.line.stripe
    scenarios.issue(stripe, amount=250_000)
    scenarios.void(stripe)
    scenarios.refund(stripe, amount=20_000)
    scenarios.payout(stripe)
    stage.tell()
    stage.move(poll=True)


def _settled(stage: Stage) -> None:
    """Two cases that somebody retried after the ERP took the account again."""
    stage.line.fault(reject_accounts=["2300"])
    stage.customers(2, pays=None, **TEAM)
    stage.line.fault(reject_accounts=[])
    (case, *_) = stage.line.open_cases()
    cases.comment(
        case_id=case.pk, by=stage.person("Priya"), text="Account 2300 is open again in Tryton."
    )
    cases.retry_cause(cause_key=case.cause_key, remedy="retry", by=stage.person("Priya"))
    stage.wait(lambda: not stage.line.open_cases())


def _put_aside(stage: Stage) -> None:
    """What nobody has mapped yet, and an event that nobody knows."""
    stage.customers(
        4, price="price_enterprise_addon", amount=1_345_000, legal_entity="US-INC", pays=None
    )
    stage.line.customer(name="Zelkova Freight")
    (event,) = stage.line.events()
    stage.line.deliver([event | {"id": "evt_new_kind", "type": "customer.teleported"}])
    stage.move()


def _refused(stage: Stage) -> None:
    stage.line.fault(refuse_post={"times": 2})
    stage.customers(2, pays=None, **TEAM)
    stage.line.fault()


def _half(stage: Stage) -> None:
    """A payment that is in the ERP, whose fee is not."""
    stage.line.fault(reject_accounts=["6100"])
    stage.customers(1, **TEAM)
    stage.move(poll=True)
    stage.line.fault(reject_accounts=[])


def _in_doubt(stage: Stage) -> None:
    stage.line.fault(response_lost={"times": 1, "on": "post", "seconds": 0.2})
    stage.customers(1, pays=None, **TEAM)
    stage.wait(lambda: OutboundCommand.objects.filter(state="unknown").exists())
    stage.line.fault()


def _used(stage: Stage) -> None:
    """What the customers used, some of it by nobody we know, as the product tells it."""
    metered.seed()
    stage.move()
    now = clock.now()
    source = sources.by_slug(metered.PRODUCT)
    customers = list(Customer.objects.order_by("pk").values_list("source_id", flat=True)[:9])
    records = [
        Raw("app", f"use_{number}", customer, "", "api_calls", "870", now)
        for number, customer in enumerate([*customers, "trial_4711"] * 6)
    ]
    door.take(source, records, channel=Channel.API, correlation_id=correlation.new_id())
    turn.advance(seconds=10)


def _late(stage: Stage, at: datetime) -> None:
    """Invoices of a month that the ERP has closed."""
    stage.period("closed")
    stage.customers(LATE, pays=None, at=int(at.timestamp()), **TEAM)


def _alike(stage: Stage) -> None:
    """Customers that may be one: to decide, merged, kept apart."""
    stripe = stage.line.stripe
    for name, domain in _TWINS.items():
        stripe.create_customer(
            name=name, email=f"accounts@{domain}.example", currency="usd",
            metadata={"legal_entity": "US-INC"},
        )  # fmt: skip
    stage.tell()
    stage.wait(lambda: Customer.objects.filter(name__in=_TWINS).count() == len(_TWINS))
    identity.look(everything=True)
    pairs = {
        pair.right.name: pair
        for pair in MergeProposal.objects.filter(left__name__in=_MAIN).select_related("right")
    }
    assert set(pairs) == set(_TWINS), pairs
    ines, why = stage.person("Ines"), "Their accounts team has confirmed it."
    merged, apart = pairs["Birch Logistics Ltd"], pairs["Cedar Health, Inc."]
    identity.merge(by=ines, survivor_id=merged.left_id, absorbed_id=merged.right_id, reason=why)
    identity.keep_apart(by=ines, proposal_id=apart.pk, reason=why)


def _credited(stage: Stage) -> None:
    """Cases that missed their SLA, and a request for a credit in each state."""
    desk.seed()
    sales = Connection.objects.get(slug=company.SALESFORCE)
    stop = time.monotonic() + 40
    while not _each_state():
        assert time.monotonic() < stop, list(ServiceCredit.objects.values_list("ticket", "state"))
        desk.play()
        process.advance(sales.pk, seconds=5, linger=0)
        stage.credits_go_on()


def _asked(stage: Stage) -> None:
    """What waits for somebody else's yes beside credits, and who decides while one is away."""
    closed = AccountingPeriod.objects.filter(legal_entity__code="UK-LTD", state="closed")
    asked = periods.ask_to_open(
        period_id=closed.latest("starts").pk,
        by=stage.person("Priya"),
        reason="An invoice of that month was forgotten",
    )
    approvals.comment(
        request_id=asked.pk, by=stage.person("Ines"), text="It came by mail and was never entered."
    )
    now = clock.now()
    approvals.propose_policy(
        by=stage.person("Ada"),
        subject="service_credit",
        entity="UK-LTD",
        reason="",
        starts=now.date(),
        tiers=[TierTerms(1, 500, ("finance|manager",)), TierTerms(2, None, ("manager", "manager"))],
        note="The auditor asked for two managers in the UK",
    )
    approvals.delegate(
        giver=stage.person("Marcus"),
        taker=stage.person("Lena"),
        starts_at=now + timedelta(days=2),
        ends_at=now + timedelta(days=9),
        reason="On leave",
    )


def _each_state() -> bool:
    states = set(ServiceCredit.objects.values_list("state", flat=True))
    return states >= {"draft", "waiting", "issued", "rejected", "withdrawn"} and not (
        ServiceCredit.objects.filter(state="issued", posted_at=None).exists()
    )


def _to_billing(connection_id: int) -> None:
    try:
        send.drain(connection_id, drainer="stage", seconds=5, linger=0)
    finally:
        connections.close_all()

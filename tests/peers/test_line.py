"""
Real business of a Stripe that others wrote, through a bad network and our own processes, into the
books of a real ERP. Its own API says what it holds.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from django.db import transaction

from connectors.contract import Outcome
from exceptions import operations as cases
from exceptions.models import Case
from revops.delivery import operations as delivery
from revops.delivery.models import Attempt, OutboundCommand
from revops.delivery.operations import Order
from revops.events.models import BusinessEvent, InboundEvent
from revops.kernel import strict_json
from revops.kernel.clock import local_date, now
from tests.cast import person
from tests.peers import freeze
from tests.peers.freeze import Doing
from tests.peers.line import COMPANY, PLANS, ZONE, PeerLine
from tests.peers.localstripe import DECLINED_CARD, Declined

pytestmark = pytest.mark.peers

CUSTOMERS = 50
# Of one customer, to an ERP that hangs; each with its payment.
INVOICES = 15
LATE = {Doing.DRAFTING: "draft", Doing.POSTING: "posted"}


class TestTheLine:
    def test_fifty_customers_over_a_bad_network_are_in_the_books_once(self, line: PeerLine) -> None:
        counts, before = line.relay.counts, told()
        moves = line.assert_books_agree()
        start_business(line)

        line.settle()

        assert counts.dropped >= counts.received // 10
        assert counts.repeated >= counts.received // 4
        assert counts.overtaken
        assert not counts.refused
        assert line.polled() == line.untold()
        assert InboundEvent.objects.count() == line.stripe.count_events()
        # An invoice and its payment for each, and nothing of the card that was declined.
        assert line.assert_books_agree() - moves == 2 * CUSTOMERS
        assert told() - before == {
            "customer.created/1": CUSTOMERS,
            "customer.updated/1": 1,
            # localstripe makes a product of each plan.
            "product.updated/1": len(PLANS),
            # localstripe tells of a subscription once, and of the last one before it was paid.
            "subscription.activated/1": CUSTOMERS - 1,
            "invoice.issued/1": CUSTOMERS,
            "invoice.paid/1": CUSTOMERS,
            "payment.applied/1": CUSTOMERS,
            "payment.failed/1": 1,
            "journal.posted/1": 2 * CUSTOMERS,
        }

    def test_the_number_in_the_erp_leads_back_to_the_event(self, line: PeerLine) -> None:
        subscription = line.stripe.subscribe(line.stripe.customer("Thread"), PLANS[0][0])
        line.settle()

        mine = [move for move in line.tryton.moves() if _party(move) == subscription["customer"]]
        assert len(mine) == 2
        for move in mine:
            (match, *_) = line.console.get("/api/v1/find", q=move["number"])["matches"]
            thread = json.dumps(line.console.get(match["address"]))
            assert subscription["latest_invoice"] in thread
            assert "invoice.payment_succeeded" in thread


class TestWhatTheErpRefuses:
    def test_a_closed_period_is_a_case_and_posts_after_it_was_reopened(
        self, line: PeerLine
    ) -> None:
        subscription = line.stripe.subscribe(line.stripe.customer("Late"), PLANS[1][0])
        line.settle()
        period = f"{local_date(now(), ZONE):%Y-%m}"
        line.tryton.close_period(period)
        try:
            invoice = line.stripe.renew(subscription)
            line.settle()
        finally:
            line.tryton.reopen_period(period)

        found = line.cases(kind="period_closed", state="unresolved")
        assert len(found) == 2
        for case in found:
            assert case["cause"] == f"Period {period} is closed in Tryton"
            assert invoice in case["what_happened"]
            assert f"is not in Tryton. Period {period} is closed in Tryton" in case["what_happened"]
            assert case["at_stake"] == {"minor": PLANS[1][1], "currency": "USD"}
            assert (case["legal_entity"], case["period"]) == (COMPANY, period)
            assert case["owner_team"] == "Finance"
        assert line.expected().total() - len(line.tryton.moves()) == 2

        (cause,) = set(
            Case.objects.filter(kind="period_closed").values_list("cause_key", flat=True)
        )
        outcome = cases.retry_cause(cause_key=cause, remedy="retry", by=person("ana"))
        assert outcome.done == 2
        line.settle()

        assert not line.cases(kind="period_closed", state="unresolved")
        line.assert_books_agree()

    def test_an_entry_that_does_not_balance_is_a_case_and_leaves_nothing(
        self, line: PeerLine
    ) -> None:
        """
        Our ledger cannot hold one, so it is put where the ledger's entries wait to be sent: as a
        second posting of an entry that stands, hence a part of what is posted.
        """
        line.stripe.subscribe(line.stripe.customer("Lopsided"), PLANS[2][0])
        line.settle()
        good = OutboundCommand.objects.filter(document_type="invoice").latest("pk")
        bad = enqueue_one_cent_off(good)

        line.settle()

        bad.refresh_from_db()
        assert (bad.state, bad.code) == ("exception", "unbalanced")
        (case,) = line.cases(kind="partial_posting", state="unresolved")
        assert case["cause"] == "Only a part is posted: Tryton says that entries do not balance"
        assert "is not in Tryton. Debits and credits are not equal." in case["what_happened"]
        assert case["at_stake"] == {"minor": PLANS[2][1], "currency": "USD"}
        line.assert_books_agree()

    def test_an_invoice_whose_lines_and_total_differ_is_a_case_and_in_no_books(
        self, line: PeerLine
    ) -> None:
        """localstripe takes a customer's credit off the total, which Stripe does not do."""
        customer = line.stripe.customer("In credit", balance=-50_000)
        subscription = line.stripe.subscribe(customer, PLANS[1][0])
        line.stripe.renew(subscription)

        line.settle()

        event = InboundEvent.objects.get(state="quarantined")
        (known,) = Case.objects.filter(inbound=event)
        case = line.console.get(f"/api/v1/cases/{known}/")
        assert case["state"] == "open"
        sentence = "The lines and taxes add up to 4900 minor units, the total says 0."
        assert sentence in json.dumps(case)
        line.assert_books_agree()


class TestAnErpThatHangs:
    @pytest.mark.parametrize("doing", Doing, ids=lambda doing: doing.name.lower())
    def test_loses_and_doubles_nothing_whatever_it_was_doing(
        self, line: PeerLine, doing: Doing
    ) -> None:
        """What it was asked when it stopped is done when it goes on, long after we gave up."""
        line.hold()
        customer = line.stripe.customer(f"Patient {doing.name}")
        subscription = line.stripe.subscribe(customer, PLANS[3][0])
        for _ in range(INVOICES - 1):
            line.stripe.renew(subscription)
        line.bring()
        line.let_go()

        freeze.stop_while(line.tryton, doing)
        try:
            line.wait(line.in_doubt, "nothing became in doubt", 150)
            doubtful = {command.key: command for command in line.in_doubt()}
            assert len(doubtful) == 2 * INVOICES
            assert_said(line, len(doubtful))
        finally:
            line.tryton.sigcont()
        # The dangerous case has come about: it is all there, and the console cannot know.
        line.wait(
            lambda: keys_of(line.tryton.moves(), LATE[doing]) >= set(doubtful),
            "Tryton did not do what it had been asked",
            45,
        )
        assert {command.key for command in line.in_doubt()} == set(doubtful)

        line.settle(patience=300)

        assert line.assert_books_agree()
        for command in doubtful.values():
            assert_asked_before_anything_else(command)
        assert not line.cases(kind="in_doubt", state="unresolved")
        assert not line.cases(kind="target_down", state="unresolved")


def start_business(line: PeerLine) -> None:
    """Subscriptions of all plans, with and without taxes and one-off lines; all paid in the end."""
    stripe = line.stripe
    rates = [stripe.tax_rate(percent) for percent in (8.25, 4.0, 4.375)]
    taxes: tuple[dict[str, Any], ...] = (
        {},
        {"default_tax_rates": rates[:1]},
        {"item_tax_rates": tuple(rates[:1])},
        {"default_tax_rates": rates[1:]},
    )
    for number in range(CUSTOMERS - 1):
        customer = stripe.customer(f"Customer {number}")
        if number % 7 == 3:
            stripe.add_item(customer, 25_017, "Onboarding")
        sku, _, _ = PLANS[number % len(PLANS)]
        stripe.subscribe(customer, sku, quantity=1 + number % 3, **taxes[number // 4 % 4])
    change_of_mind(line)


def change_of_mind(line: PeerLine) -> None:
    """A card is declined; the invoice is paid with another one."""
    stripe = line.stripe
    customer = stripe.customer("Declined at first", card=DECLINED_CARD)
    subscription = stripe.subscribe(customer, PLANS[0][0])
    assert subscription["status"] == "incomplete"
    # localstripe tells of a decline only for a payment without an invoice.
    with pytest.raises(Declined):
        stripe.charge(customer, PLANS[0][1])
    stripe.new_card(customer)
    stripe.pay(subscription["latest_invoice"])


def enqueue_one_cent_off(good: OutboundCommand) -> OutboundCommand:
    payload = strict_json.loads(good.payload)
    payload["lines"][0]["debit"] += 1
    order = Order(
        connection_id=good.connection_id,
        lane=good.lane,
        legal_entity_id=good.legal_entity_id,
        legal_entity=COMPANY,
        document_type=good.document_type,
        business_key=f"{good.business_key}-off",
        revision=good.revision,
        kind=good.kind,
        payload=strict_json.dumps(payload),
        subject_kind=good.subject_kind,
        subject_id=good.subject_id,
        currency=good.currency,
        amount=good.amount,
        period_code=good.period_code,
        correlation_id=good.correlation_id,
    )
    with transaction.atomic():
        assert delivery.enqueue([order]) == 1
    return OutboundCommand.objects.get(business_key=order.business_key)


def keys_of(moves: list[dict[str, Any]], state: str) -> set[str]:
    return {move["key"] for move in moves if move["state"] == state}


def assert_asked_before_anything_else(command: OutboundCommand) -> None:
    """After a send without an answer comes a question, once the settle window is over."""
    history = list(Attempt.objects.filter(command=command).order_by("number"))
    (index,) = [i for i, one in enumerate(history) if one.outcome == Outcome.IN_DOUBT]
    doubtful, question = history[index : index + 2]
    assert (doubtful.kind, question.kind, question.outcome) == ("send", "read", "ok")
    assert question.intent_at >= doubtful.settle_until


def assert_said(line: PeerLine, number: int) -> None:
    """A case for each posting that may or may not be there, and one for Tryton."""
    doubts = line.cases(kind="in_doubt", state="in_doubt")
    assert len(doubts) == number
    for case in doubts:
        assert case["cause"] == "Tryton did not answer"
        assert "the console asks before it does anything else" in case["what_happened"]
    (down,) = line.cases(kind="target_down", state="unresolved")
    assert down["what_happened"].startswith(
        "Nothing is sent to Tryton because calls were not answered."
    )


def told() -> Counter[str]:
    """How many business events there are of each contract."""
    return Counter(BusinessEvent.objects.values_list("contract", flat=True))


def _party(move: dict[str, Any]) -> str:
    return next((line["party"] for line in move["lines"] if line["party"]), "")

"""A real invoice becomes a real journal, exactly once."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest

from revops.canonical.models import Customer, Invoice, Payment, Payout
from revops.delivery.models import Attempt
from revops.events.models import BusinessEvent, EventConflict, InboundEvent
from revops.ledger.models import JournalEntry
from revops.lineage.models import Link
from revops.mappings.models import SkuMap
from revops.pipeline import receive
from tests.pipeline.rehearsal import Rehearsal


def lines_of(document_type: str) -> list[tuple[str, int]]:
    entry = JournalEntry.objects.get(document_type=document_type)
    return list(entry.lines.order_by("position").values_list("account", "amount"))


class TestTheLine:
    def test_makes_j1_of_an_issued_invoice_and_posts_it(self, line: Rehearsal) -> None:
        line.subscribe()
        line.deliver()

        line.run()

        assert lines_of("invoice") == [("1100", 1_299_000), ("2300", -1_200_000), ("2100", -99_000)]
        assert line.states() == {"posted": 1}
        line.assert_books_agree()

    def test_applies_a_payment_at_gross_and_its_fee_as_an_expense(self, line: Rehearsal) -> None:
        line.subscribe(pays=True)
        line.deliver()
        line.run()
        line.poll()  # Stripe tells fees only when asked

        line.run()

        assert lines_of("payment") == [("1050", 1_299_000), ("1100", -1_299_000)]
        (fee, clearing) = lines_of("fee")
        assert fee == ("6100", 37_701)  # 2.9 % and 0.30, J7b
        assert clearing == ("1050", -37_701)
        assert Invoice.objects.get().applied == 1_299_000
        line.assert_books_agree()

    def test_makes_no_journal_of_a_declined_payment(self, line: Rehearsal) -> None:
        line.subscribe(pays=False)
        line.deliver()

        line.run()

        assert Payment.objects.get().state == "failed"
        assert not JournalEntry.objects.filter(document_type="payment").exists()
        line.assert_books_agree()

    def test_undoes_a_voided_invoice_with_an_exact_mirror(self, line: Rehearsal) -> None:
        invoice = line.subscribe()
        line.stripe.void(invoice)
        line.deliver()

        line.settle()

        assert lines_of("void") == [(account, -amount) for account, amount in lines_of("invoice")]
        void = JournalEntry.objects.get(document_type="void")
        assert void.reverses == JournalEntry.objects.get(document_type="invoice")
        line.assert_books_agree()

    def test_clears_the_processor_account_after_the_payout(self, line: Rehearsal) -> None:
        line.subscribe(pays=True)
        line.stripe.pay_out(currency="usd")
        line.deliver()
        line.poll()

        line.settle()

        clearing = sum(
            amount
            for entry in JournalEntry.objects.all()
            for account, amount in entry.lines.values_list("account", "amount")
            if account == "1050"
        )
        assert clearing == 0
        payment, payout = Payment.objects.get(), Payout.objects.get()
        assert Link.objects.filter(
            from_kind="payment", from_id=payment.pk, to_kind="payout", to_id=payout.pk
        ).exists()
        line.assert_books_agree()

    def test_keeps_one_story_from_the_event_to_the_journal(self, line: Rehearsal) -> None:
        line.subscribe(pays=True)
        line.deliver()

        line.run()

        stories = {
            Invoice.objects.get().correlation_id,
            Payment.objects.get().correlation_id,
            *JournalEntry.objects.values_list("correlation_id", flat=True),
            *line.commands().values_list("correlation_id", flat=True),
            BusinessEvent.objects.filter(contract="journal.posted/1").first().correlation_id,
        }
        assert len(stories) == 1


class TestDuplicatesAndOrder:
    def test_every_order_of_four_events_ends_in_the_same_books(self, line: Rehearsal) -> None:
        customer = line.customer()
        invoice = line.subscribe(customer, pays=True)
        events = line.events()
        wanted = ("customer.created", "invoice.finalized", "charge.succeeded", "invoice.paid")
        four = [next(event for event in events if event["type"] == kind) for kind in wanted]
        orders = list(itertools.permutations(four))
        assert len(orders) == 24

        contents = set()
        for order in random.Random(7).sample(orders, 6):
            from tests.conftest import _empty_tables  # each order starts on an empty database

            _empty_tables(None)
            line.begin_again()
            for event in order:
                line.deliver([event])
                line.advance()
            line.settle()
            contents.add(
                tuple(sorted(JournalEntry.objects.values_list("document_type", "content_sha256")))
            )
            assert Invoice.objects.get(source_id=invoice).applied == 1_299_000

        assert len(contents) == 1

    def test_repeats_and_polls_add_nothing(self, line: Rehearsal) -> None:
        line.subscribe(pays=True)
        events = line.events()
        line.deliver(events)
        line.run()
        before = Counter(JournalEntry.objects.values_list("content_sha256", flat=True))

        for _ in range(3):
            line.deliver(events)
            line.run()

        assert Counter(JournalEntry.objects.values_list("content_sha256", flat=True)) == before
        assert set(InboundEvent.objects.values_list("deliveries", flat=True)) == {4}
        line.assert_books_agree()

    def test_replaying_the_whole_inbox_changes_no_book(self, line: Rehearsal) -> None:
        from revops.events.operations import send_again_through_the_line

        line.subscribe(pays=True)
        line.deliver()
        line.run()
        before = Counter(JournalEntry.objects.values_list("content_sha256", flat=True))

        for _ in range(3):
            send_again_through_the_line(list(InboundEvent.objects.values_list("pk", flat=True)))
            line.run()

        assert Counter(JournalEntry.objects.values_list("content_sha256", flat=True)) == before
        assert not line.open_cases()
        line.assert_books_agree()

    def test_a_payment_before_its_invoice_waits_for_it(self, line: Rehearsal) -> None:
        line.subscribe(pays=True)
        events = line.events()
        payment = [event for event in events if event["type"] == "charge.succeeded"]
        rest = [
            event for event in events if event["type"] in ("customer.created", "invoice.finalized")
        ]
        line.deliver(payment)
        line.advance()

        parked = InboundEvent.objects.get(type="charge.succeeded")
        assert parked.state == "parked"
        assert parked.reason.startswith("Waits for invoice")

        line.deliver(rest)
        line.settle()

        parked.refresh_from_db()
        assert parked.state == "processed"
        assert lines_of("payment") == [("1050", 1_299_000), ("1100", -1_299_000)]

    def test_an_event_that_tells_of_its_own_invoice_needs_no_other(self, line: Rehearsal) -> None:
        line.subscribe(pays=True)
        told = ("customer.created", "invoice.paid", "charge.succeeded")
        line.deliver([event for event in line.events() if event["type"] in told])

        line.settle()

        assert Invoice.objects.get().state == "paid"
        assert {entry.document_type for entry in JournalEntry.objects.all()} == {
            "invoice",
            "payment",
        }
        line.assert_books_agree()

    def test_what_an_event_tells_of_an_invoice_in_trouble_waits_with_it(
        self, line: Rehearsal
    ) -> None:
        SkuMap.objects.all().delete()
        line.subscribe(pays=True)
        told = ("customer.created", "invoice.paid")
        line.deliver([event for event in line.events() if event["type"] in told])

        line.settle()

        assert InboundEvent.objects.get(type="invoice.paid").state == "quarantined"
        assert [case.kind for case in line.open_cases()] == ["mapping_missing"]

    def test_the_same_event_id_with_other_content_becomes_a_case(self, line: Rehearsal) -> None:
        line.subscribe()
        (event,) = [e for e in line.events() if e["type"] == "invoice.finalized"]
        line.deliver([event])
        changed = event | {"data": {"object": event["data"]["object"] | {"number": "OTHER-1"}}}

        line.deliver([changed])

        assert EventConflict.objects.count() == 1
        assert [case.kind for case in line.open_cases()] == ["event_conflict"]

    def test_an_unsigned_call_is_refused_and_leaves_nothing(self, line: Rehearsal) -> None:
        from connectors.contract import SignatureInvalid

        with pytest.raises(SignatureInvalid):
            receive.receive(
                public_id=line.source.public_id, body=b"{}", headers={}, correlation_id="co-1"
            )

        assert not InboundEvent.objects.exists()


class TestAttempts:
    def test_stores_the_intent_before_it_sends(self, line: Rehearsal) -> None:
        line.subscribe()
        line.deliver()

        line.run()

        attempt = Attempt.objects.get(kind="send")
        assert attempt.intent_at < attempt.finished_at
        assert attempt.fence == line.commands().get().fence

    def test_customers_are_known_by_the_newest_version(self, line: Rehearsal) -> None:
        customer = line.customer(at=1_790_000_000)
        line.stripe.update_customer(customer, name="Alder Analytics Holding", at=1_790_000_100)
        created, updated = line.events()[-2:]

        line.deliver([updated, created])
        line.advance()

        assert Customer.objects.get(source_id=customer).name == "Alder Analytics Holding"

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from revops.canonical.models import Contract, InvoiceLine, Opportunity, Payout, RecordChange
from revops.kernel.money import Money
from revops.lineage.queries import thread
from revops.lineage.queries.hops import Thread
from revops.usage.models import RatedLine
from tests import factories
from tests.console.company import Company, build, link


@pytest.fixture
def company(db: None) -> Company:
    return build()


def labels(found: Thread) -> list[str]:
    return [hop.label for hop in found.steps]


class TestThread:
    def test_leads_from_the_invoice_to_its_erp_move(self, company: Company) -> None:
        told = company.stories["posted"]
        found = thread("invoice", told.invoice.pk)
        assert labels(found) == [
            "Customer",
            "Subscription",
            "Invoice",
            "Journal entry",
            "ERP posting",
            "Payment",
        ]
        posting = found.of("posting")[0]
        assert posting.name == told.command.external_number
        assert posting.amount == Money(1_191_780, "USD")
        assert posting.difference == Money(0, "USD")
        assert not posting.missing
        assert [item.outcome for item in posting.tries] == ["ok"]

    @pytest.mark.parametrize("start", ["journal", "command", "event", "invoice", "subscription"])
    def test_is_the_same_story_from_every_end(self, company: Company, start: str) -> None:
        told = company.stories["posted"]
        ends = {
            "journal": told.entry.pk,
            "command": told.command.pk,
            "event": told.event.pk,
            "invoice": told.invoice.pk,
            "subscription": told.subscription.pk,
        }
        found = thread(start, ends[start])
        kinds = {(hop.kind, hop.id) for hop in found.hops}
        assert ("event", told.event.pk) in kinds
        assert ("journal", told.entry.pk) in kinds
        assert ("posting", told.command.pk) in kinds
        assert found.subject.label in {
            "Journal entry", "ERP posting", "Webhook", "Invoice", "Subscription",
        }  # fmt: skip

    def test_shows_what_was_refused_as_missing_with_the_reason(self, company: Company) -> None:
        found = thread("invoice", company.stories["refused"].invoice.pk)
        posting = found.of("posting")[0]
        assert posting.status == "missing"
        assert posting.missing == "The period is closed."
        assert posting.amount == Money(0, "USD")
        assert posting.difference == Money(-1_791_587, "USD")

    def test_does_not_know_the_amount_of_what_is_in_doubt(self, company: Company) -> None:
        posting = thread("invoice", company.stories["doubt"].invoice.pk).of("posting")[0]
        assert posting.status == "in_doubt"
        assert posting.amount is None
        assert posting.problem

    def test_shows_an_invoice_without_a_journal_as_missing_one(self, company: Company) -> None:
        invoice = factories.an_invoice(company.billing, total=5_000)
        event = factories.an_event(
            company.billing, state="quarantined", reason="SKU pro has no mapping."
        )
        link("event", event.pk, "invoice", invoice.pk, company.now)
        (absent,) = thread("invoice", invoice.pk).of("journal")
        assert absent.missing == "SKU pro has no mapping."
        assert absent.difference == Money(-5_000, "USD")

    def test_needs_no_journal_where_the_line_noted_why(self, company: Company) -> None:
        invoice = factories.an_invoice(company.billing, total=5_000)
        event = factories.an_event(company.billing, state="processed")
        link("event", event.pk, "invoice", invoice.pk, company.now)
        factories.a_meaning(event, note="It was issued before the books begin.")
        (absent,) = thread("invoice", invoice.pk).of("journal")
        assert absent.status == "not_due"
        assert not absent.missing

    def test_of_a_customer_holds_all_of_its_invoices(self, company: Company) -> None:
        told = company.stories["posted"]
        other = factories.an_invoice(company.billing, customer=told.customer)
        found = thread("customer", told.customer.pk)
        assert {hop.id for hop in found.of("invoice")} == {told.invoice.pk, other.pk}

    def test_of_an_invoice_leaves_out_its_siblings(self, company: Company) -> None:
        told = company.stories["posted"]
        factories.an_invoice(company.billing, customer=told.customer)
        found = thread("invoice", told.invoice.pk)
        assert [hop.id for hop in found.of("invoice")] == [told.invoice.pk]

    def test_follows_links_to_a_payout(self, company: Company) -> None:
        told = company.stories["posted"]
        assert told.payment is not None
        payout = Payout.objects.create(
            connection=company.billing,
            source_id="po_1",
            currency="USD",
            amount=1_100_000,
            dated=company.now.date(),
            created_at=company.now,
            updated_at=company.now,
            correlation_id="co-payout",
        )
        link("payment", told.payment.pk, "payout", payout.pk, company.now)
        assert [hop.name for hop in thread("invoice", told.invoice.pk).of("payout")] == ["po_1"]
        back = thread("payout", payout.pk)
        assert [hop.id for hop in back.of("invoice")] == [told.invoice.pk]

    def test_of_a_parked_event_is_the_event_alone_with_what_it_waits_for(
        self, company: Company
    ) -> None:
        event = factories.an_event(
            company.billing, state="parked", reason="Waits for invoice in_9."
        )
        found = thread("event", event.pk)
        (only,) = found.hops
        assert only.missing == "Waits for invoice in_9."
        assert found.subject is only

    def test_says_that_a_paused_target_holds_the_posting_back(self, company: Company) -> None:
        company.erp.gate.paused_at = company.now
        company.erp.gate.pause_reason = "Year end."
        company.erp.gate.save()
        posting = thread("invoice", company.stories["waiting"].invoice.pk).of("posting")[0]
        assert posting.missing == "Sending to Tryton US is paused. Year end."

    def test_times_tell_how_long_each_hop_waited(self, company: Company) -> None:
        told = company.stories["posted"]
        found = thread("invoice", told.invoice.pk)
        event, posting = found.of("event")[0], found.of("posting")[0]
        assert event.waited == timedelta(seconds=2)
        assert posting.began == told.entry.recorded_at
        assert posting.waited == timedelta(seconds=1) - timedelta(milliseconds=310)

    def test_is_none_for_what_does_not_exist(self, company: Company) -> None:
        assert thread("invoice", 999_999) is None
        assert thread("journal", 999_999) is None

    def test_refuses_a_kind_that_no_thread_is_entered_by(self) -> None:
        with pytest.raises(LookupError):
            thread("teapot", 1)


class TestCost:
    """The walk's queries go around Django's wrapper, so they are counted where they are made."""

    def test_asks_at_most_nine_times_and_six_in_brief(
        self, company: Company, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from revops.lineage.queries import rows
        from revops.store import sql

        asked: list[str] = []
        before = sql.rows

        def counted(statement: str, params: Any = None) -> list[Any]:
            asked.append(statement)
            return before(statement, params)

        monkeypatch.setattr(rows.sql, "rows", counted)
        told = company.stories["posted"]
        thread("journal", told.entry.pk)
        assert len(asked) <= 9
        asked.clear()
        thread("journal", told.entry.pk, brief=True)
        assert len(asked) <= 6

    def test_a_longer_thread_asks_no_more(
        self, company: Company, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from revops.lineage.queries import rows
        from revops.store import sql

        told = company.stories["posted"]
        for _ in range(5):
            factories.an_invoice(company.billing, customer=told.customer)
        asked: list[str] = []
        before = sql.rows

        def counted(statement: str, params: Any = None) -> list[Any]:
            asked.append(statement)
            return before(statement, params)

        monkeypatch.setattr(rows.sql, "rows", counted)
        found = thread("customer", told.customer.pk)
        assert len(found.of("invoice")) == 6
        assert len(asked) <= 8


class TestLookingBack:
    def test_leaves_out_what_came_later(self, company: Company) -> None:
        told = company.stories["posted"]
        later = thread("invoice", told.invoice.pk)
        assert later is not None
        posted = next(hop for hop in later.of("posting") if hop.journal_id == told.entry.pk)
        assert posted.known is not None
        before = thread("invoice", told.invoice.pk, as_of=posted.known - timedelta(microseconds=1))
        assert before is not None
        then = next(hop for hop in before.of("posting") if hop.journal_id == told.entry.pk)
        assert (then.status, then.name, then.at) == ("waiting", "no id yet", None)

    def test_before_the_record_shows_the_event_that_had_come(self, company: Company) -> None:
        told = company.stories["posted"]
        received = told.event.received_at
        told.invoice.__class__.objects.filter(pk=told.invoice.pk).update(
            created_at=received + timedelta(seconds=1)
        )
        found = thread("invoice", told.invoice.pk, as_of=received)
        assert found is not None
        assert [hop.id for hop in found.of("event") if not hop.aside] == [told.event.pk]
        assert found.of("invoice") == []

    def test_shows_the_state_that_a_record_had(self, company: Company) -> None:
        told = company.stories["posted"]
        told.invoice.state = "paid"
        told.invoice.save()
        at = company.now - timedelta(minutes=1)
        RecordChange.objects.create(
            record_kind="invoice", record_id=told.invoice.pk, field="state", before="issued",
            after="paid", at=at,
        )  # fmt: skip
        for moment, status in ((at - timedelta(minutes=1), "issued"), (at, "paid")):
            found = thread("invoice", told.invoice.pk, as_of=moment)
            assert found is not None
            assert found.subject.status == status


class TestAcrossSystems:
    def test_leads_from_the_opportunity_to_the_journal(self, company: Company) -> None:
        told, crm = company.stories["posted"], factories.a_connection("crm", label="CRM")
        at = told.invoice.created_at - timedelta(days=1)
        common = {"connection": crm, "currency": "USD", "created_at": at, "updated_at": at}
        account = factories.a_customer(crm, name="Alder Health", created_at=at)
        won = Opportunity.objects.create(
            source_id="006A", customer=account, name="Alder, new", stage="Closed Won",
            amount=1_191_780, state="won", decided_on=at.date(), **common,
        )  # fmt: skip
        signed = Contract.objects.create(
            source_id="800A", customer=account, opportunity=won, total=1_191_780,
            starts_on=at.date(), ends_on=at.date(), **common,
        )  # fmt: skip
        told.subscription.contract = signed
        told.subscription.save()

        found = thread("journal", told.entry.pk)
        assert found is not None
        keys = [hop.key for hop in found.hops]
        assert keys.index(f"opportunity-{won.pk}") < keys.index(f"contract-{signed.pk}")
        assert found.of("contract")[0].after == (f"opportunity-{won.pk}",)
        assert found.of("subscription")[0].after == (f"contract-{signed.pk}",)
        down = thread("opportunity", won.pk)
        assert down is not None
        assert f"journal-{told.entry.pk}" in [hop.key for hop in down.hops]

    def test_shows_the_usage_that_an_invoice_bills(self, company: Company) -> None:
        told = company.stories["posted"]
        day = told.invoice.issued_on
        rated = RatedLine.objects.create(
            key="k1", revision=2, subscription=told.subscription, customer=told.customer,
            meter="api_calls", price_ref="price_api", currency="USD", period_start=day,
            period_end=day, used_from=day, used_to=day, quantity=10, free=0, charged=10, records=3,
            amount=500, rated_at=company.now, state="rated", correlation_id="co-usage",
        )  # fmt: skip
        InvoiceLine.objects.create(
            invoice=told.invoice, position=9, line_id="il_usage", sku="price_api", quantity=10,
            amount=500, usage_ref=rated.line_id,
        )  # fmt: skip
        for kind, id in (("invoice", told.invoice.pk), ("subscription", told.subscription.pk)):
            found = thread(kind, id)
            assert found is not None
            (usage,) = found.of("rated_line")
            assert (usage.id, usage.label) == (rated.pk, "Usage rated")
            assert usage.key in found.of("invoice")[0].after

    def test_shows_the_missing_subscription_of_a_contract(self, company: Company) -> None:
        crm = factories.a_connection("crm", label="CRM")
        at = company.now - timedelta(days=9)
        account = factories.a_customer(crm, name="Late Ltd", created_at=at)
        signed = Contract.objects.create(
            connection=crm, source_id="800L", customer=account, currency="USD", total=100,
            starts_on=at.date(), ends_on=at.date(), created_at=at, updated_at=at,
        )  # fmt: skip
        found = thread("contract", signed.pk)
        assert found is not None
        (gap,) = found.problems
        assert (gap.kind, gap.status) == ("subscription", "missing")
        assert "no subscription" in gap.missing

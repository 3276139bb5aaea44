"""Runs: who is told, in which order, how often, and of which state."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from connectors import billing
from connectors.contract import Outcome, Receipt
from connectors.customers import Customer
from connectors.systems.gainsight import payloads as gainsight
from connectors.systems.salesforce import payloads as salesforce
from exceptions.models import Case
from revops.canonical.models import ExternalReference, Party
from revops.contracts import registry as contracts
from revops.contracts.examples import EXAMPLES
from revops.delivery import operations as delivery
from revops.delivery.models import OutboundCommand
from revops.kernel import clock
from revops.lineage.models import Link
from revops.mappings.models import ErpRoute, MappingVersion
from revops.pipeline.flows.advance import look_again
from revops.pipeline.models import FlowRun, StepRun
from revops.pipeline.transform import payloads
from revops.pipeline.transform.base import Ask, Made
from revops.store import sql
from tests.factories import a_connection, a_party
from tests.pipeline.flows.records import (
    a_contract,
    a_payment,
    a_price,
    a_subscription,
    an_entitlement,
    an_invoice,
    an_opportunity,
)
from tests.pipeline.flows.stage import Stage, System, steps

REFUSED = Receipt(Outcome.REFUSED, code="refused", reason="The field is read-only.")


class TestBegin:
    def test_tells_every_system_that_can_be_told_but_not_who_told(self, stage: Stage) -> None:
        run = stage.begin("customer.updated/1", stage.northwind)
        stage.drain()

        assert steps(run) == {"crm.customer_link": "done", "success.customer": "done"}
        assert FlowRun.objects.get().state == "done"

        told = stage.party.customers.get(connection=stage.success.connection)
        stage.begin("customer.updated/1", told, by=stage.success)
        assert StepRun.objects.filter(connection=stage.success.connection).count() == 1

    def test_tells_nobody_when_nothing_changed(self, stage: Stage) -> None:
        run = stage.begin("invoice.paid/1", an_invoice(stage), changed=False)

        assert (run.state, run.note) == ("done", "Nothing changed by it, so nobody is told.")
        assert not OutboundCommand.objects.exists()

    def test_keeps_no_run_where_nothing_is_to_be_followed(self, stage: Stage) -> None:
        with pytest.raises(FlowRun.DoesNotExist):
            stage.begin("opportunity.lost/1", an_opportunity(stage), by=stage.crm)

    def test_stops_at_a_check_that_does_not_hold_and_opens_a_case(self, stage: Stage) -> None:
        run = stage.begin(
            "opportunity.won/1", an_opportunity(stage), by=stage.crm, data={"items": []}
        )
        stage.drain()

        assert run.state == "failed"
        assert steps(run) == {"billing.subscription.create": "waiting", "success.customer": "done"}
        case = Case.objects.get()
        assert case.kind == "flow_stopped"
        assert "names no product" in case.what_happened

    def test_tells_an_erp_as_long_as_it_keeps_the_books_where_they_are(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its last day in New York ends five hours into the next one of UTC."""
        stage.entity.zone = "America/New_York"
        stage.entity.save()
        version = MappingVersion.objects.create(note="Moves", made_by="Test")
        ErpRoute.objects.create(
            legal_entity=stage.entity, connection=a_connection("ledger", "tryton"), lane="primary",
            valid=DateRange(date(2026, 1, 1), date(2026, 12, 1)), version=version,
        )  # fmt: skip

        def told_at(hour: int) -> bool:
            at = datetime(2026, 12, 1, hour, tzinfo=UTC)
            monkeypatch.setattr(clock, "now", lambda: at)
            won = an_opportunity(stage, source_id=f"006-{hour}")
            return "customer.upsert" in steps(stage.begin("opportunity.won/1", won, by=stage.crm))

        assert told_at(4)
        assert not told_at(6)


class TestOrder:
    def test_waits_for_the_erp_before_sales_is_told(self, stage: Stage) -> None:
        invoice = an_invoice(stage)
        run = stage.begin("invoice.issued/1", invoice, posts=True)
        assert (run.posting, steps(run)) == (True, {"crm.invoice_state": "waiting"})
        stage.drain()
        assert not stage.crm.heard

    def test_tells_of_a_payment_without_waiting_for_the_erp(self, stage: Stage) -> None:
        invoice = an_invoice(stage, applied=1_299_000)
        run = stage.begin("payment.applied/1", a_payment(stage, invoice), posts=True)
        stage.drain()

        (told,) = stage.crm.told("crm.invoice_state")
        assert (told["state"], told["open"], told["payment_state"]) == ("paid", 0, "succeeded")
        assert steps(run) == {"crm.invoice_state": "done"}
        assert FlowRun.objects.get().state == "running"

    def test_goes_on_from_billings_answer_to_the_link(self, stage: Stage) -> None:
        opportunity = an_opportunity(stage)
        run = stage.begin("opportunity.won/1", opportunity, by=stage.crm)
        assert steps(run)["billing.subscription.create"] == "queued"

        stage.drain()

        (asked,) = stage.billing.told("billing.subscription.create")
        assert billing.wanted("billing.subscription.create", asked)
        assert asked["customer"]["id"] == "cus_northwind"
        assert FlowRun.objects.get().state == "done"
        assert OutboundCommand.objects.filter(document_type="billing.subscription").count() == 1

    def test_joins_the_sale_and_what_came_of_it_whichever_is_told_first(self, stage: Stage) -> None:
        opportunity = an_opportunity(stage)
        stage.begin("opportunity.won/1", opportunity, by=stage.crm)
        stage.billing.outcomes["billing.subscription.create"] = Receipt(
            Outcome.OK, external_id="sub_northwind_pro"
        )
        subscription = a_subscription(stage)
        stage.begin("subscription.activated/1", subscription)
        assert "crm.subscription_link" not in [kind for kind, _ in stage.crm.heard]

        stage.drain()
        StepRun.objects.filter(state="unready").update(next_at=clock.now())
        with sql.atomic():
            look_again()
        stage.drain()

        assert Link.objects.filter(
            from_kind="opportunity", from_id=opportunity.pk,
            to_kind="subscription", to_id=subscription.pk,
        ).exists()  # fmt: skip
        (link,) = stage.crm.told("crm.subscription_link")
        assert salesforce.read("crm.subscription_link", link).record_id == opportunity.source_id


class TestStates:
    def test_a_newer_state_replaces_one_that_was_not_sent(self, stage: Stage) -> None:
        invoice = an_invoice(stage)
        first = stage.begin("invoice.overdue/1", invoice)
        invoice.applied, invoice.state = invoice.total, "paid"
        invoice.save()
        second = stage.begin("invoice.paid/1", invoice)
        stage.crm.drain()

        assert steps(first)["crm.invoice_state"] == "superseded"
        assert steps(second)["crm.invoice_state"] == "done"
        assert [told["state"] for told in stage.crm.told("crm.invoice_state")] == ["paid"]

    def test_a_state_waits_for_the_one_under_way(self, stage: Stage) -> None:
        invoice = an_invoice(stage)
        first = stage.begin("invoice.overdue/1", invoice)
        OutboundCommand.objects.filter(connection=stage.crm.connection).update(state="sending")
        invoice.state = "void"
        invoice.save()
        second = stage.begin("invoice.paid/1", invoice)
        assert steps(second)["crm.invoice_state"] == "held"

        OutboundCommand.objects.filter(connection=stage.crm.connection).update(state="pending")
        stage.crm.drain()
        stage.crm.drain()

        assert steps(first)["crm.invoice_state"] == "done"
        assert steps(second)["crm.invoice_state"] == "done"
        assert stage.crm.told("crm.invoice_state")[-1]["state"] == "void"

    def test_the_very_same_is_not_told_twice(self, stage: Stage) -> None:
        invoice = an_invoice(stage)
        stage.begin("invoice.overdue/1", invoice)
        stage.drain()
        again = stage.begin("invoice.overdue/1", invoice)
        stage.drain()

        assert steps(again)["crm.invoice_state"] == "skipped"
        assert len(stage.crm.told("crm.invoice_state")) == 1

    def test_of_a_customer_that_is_not_linked_waits_for_the_link(self, stage: Stage) -> None:
        account = stage.party.customers.get(connection=stage.crm.connection)
        now = clock.now()
        account.party = Party.objects.create(name="NW Inc", created_at=now, updated_at=now)
        account.save()
        run = stage.begin("invoice.overdue/1", an_invoice(stage))
        assert steps(run)["crm.invoice_state"] == "unready"

        account.party = stage.party
        account.save()
        StepRun.objects.update(next_at=clock.now())
        with sql.atomic():
            assert look_again() == {stage.crm.connection.pk}
        stage.drain()

        assert steps(run)["crm.invoice_state"] == "done"


class TestRefusals:
    def test_leave_a_case_and_a_failed_run_until_it_is_sent_again(self, stage: Stage) -> None:
        stage.crm.outcomes["crm.invoice_state"] = REFUSED
        run = stage.begin("invoice.overdue/1", an_invoice(stage))
        stage.drain()

        run.refresh_from_db()
        assert run.state == "failed"
        case = Case.objects.get()
        assert case.what_happened.startswith("Invoice state of INV-1042")
        assert case.blocked_steps == ["Tell Salesforce"]

        del stage.crm.outcomes["crm.invoice_state"]
        with sql.atomic():
            delivery.retry([case.command_id])
        stage.drain()

        run.refresh_from_db()
        assert run.state == "done"
        assert Case.objects.get().state == "resolved"

    def test_of_an_old_state_end_when_a_newer_one_is_told(self, stage: Stage) -> None:
        stage.crm.outcomes["crm.invoice_state"] = REFUSED
        invoice = an_invoice(stage)
        first = stage.begin("invoice.overdue/1", invoice)
        stage.drain()
        del stage.crm.outcomes["crm.invoice_state"]
        invoice.state = "void"
        invoice.save()
        stage.begin("invoice.paid/1", invoice)
        stage.drain()

        assert steps(first)["crm.invoice_state"] == "superseded"
        assert Case.objects.get().state == "resolved"
        assert set(FlowRun.objects.values_list("state", flat=True)) == {"done"}


class TestPayloads:
    def test_hold_what_each_system_takes(self, stage: Stage) -> None:
        a_price(stage)
        invoice = an_invoice(stage)
        subscription = a_subscription(stage)
        opportunity = an_opportunity(stage)
        contract = a_contract(stage, opportunity)
        subscription.contract = contract
        subscription.contract_ref = contract.source_id
        subscription.save()
        Party.objects.update(health_score=62, health_band="yellow", health_on="2025-03-24")
        success = stage.party.customers.get(connection=stage.success.connection)
        for contract_name, record, by in (
            ("customer.created/1", stage.northwind, stage.billing),
            ("contract.signed/1", contract, stage.crm),
            ("subscription.activated/1", subscription, stage.billing),
            ("subscription.seats_changed/1", subscription, stage.billing),
            ("entitlement.granted/1", an_entitlement(stage, subscription), stage.billing),
            ("usage.threshold_crossed/1", subscription, stage.billing),
            ("invoice.paid/1", invoice, stage.billing),
            ("payment.failed/1", a_payment(stage, invoice, state="failed"), stage.billing),
            ("health.changed/1", success, stage.success),
            ("renewal.forecast_updated/1", success, stage.success),
            ("opportunity.won/1", opportunity, stage.crm),
        ):
            stage.begin(contract_name, record, by=by)
            stage.drain()

        assert {kind for kind, _ in stage.crm.heard} == set(salesforce.KINDS)
        assert {kind for kind, _ in stage.success.heard} == set(gainsight.PAYLOADS)
        for kind, payload in stage.crm.heard:
            salesforce.read(kind, payload)
        for kind, payload in stage.success.heard:
            gainsight.read(kind, payload)
        (value, *_) = stage.crm.told("crm.renewal_value")
        assert value["value"] == 1_200_000
        assert stage.crm.told("crm.customer_link")[0]["ids"]["stripe"] == "cus_northwind"

    def test_of_usage_are_lines_that_billing_takes(self, stage: Stage) -> None:
        run = stage.begin("usage.rated/1", a_subscription(stage), by=stage.crm)
        stage.drain()

        (item,) = stage.billing.told("billing.invoice_item.create")
        asked = billing.wanted("billing.invoice_item.create", item)
        assert isinstance(asked, billing.InvoiceItemCreate)
        assert asked.amount == 37_000
        assert run.checks[0]["sentence"].endswith("by the price price_api_calls.")

    def test_the_targets_id_of_what_it_made_is_kept(self, stage: Stage) -> None:
        opportunity = an_opportunity(stage)
        stage.begin("opportunity.won/1", opportunity, by=stage.crm)
        stage.drain()

        found = ExternalReference.objects.get(type="provisioned")
        assert (found.record_kind, found.record_id) == ("opportunity", opportunity.pk)

    def test_of_a_customer_for_the_erp_name_every_id_that_journals_use(self, stage: Stage) -> None:
        ask = Ask(
            step_id=1,
            connection_id=0,
            event=contracts.read("opportunity.won/1", EXAMPLES["opportunity.won/1"]),
            occurred_at=clock.now(),
            record_kind="customer",
            record_id=stage.northwind.pk,
            legal_entity="us",
            source="salesforce",
            version=1,
        )
        made = payloads("customer.upsert", [ask])[1]

        assert isinstance(made, Made)
        assert made.subject == ("customer", stage.northwind.pk)
        asked = Customer.of(made.payload)
        assert asked.id == f"PTY-{stage.party.pk}"
        assert set(asked.others) == {"cus_northwind", "001Ax000003NwAbIAK", "company-northwind"}
        assert "further_ids" not in made.payload

        # A second account, and what it was called before it was merged: it may be there as either.
        gone = a_party(merged_into=stage.party)
        stage.account(stage.billing, "cus_second")
        # A number of another ERP's own may be somebody else's in this one.
        stage.account(System(a_connection("books", "business_central")), "10000")
        made = payloads("customer.upsert", [ask])[1]
        assert isinstance(made, Made)
        assert Customer.of(made.payload).others == asked.others
        assert made.payload["further_ids"] == [f"PTY-{gone.pk}", "cus_second"]

from __future__ import annotations

import pytest

from connectors.systems.chargebee import payloads as chargebee
from revops.pipeline.models import StepRun
from tests.factories import a_connection, a_gate
from tests.pipeline.flows.records import a_subscription, an_opportunity
from tests.pipeline.flows.stage import Stage, System

CREATE = "billing.subscription.create"


@pytest.fixture
def second(stage: Stage) -> System:
    """Another billing system, which does not know the customer."""
    system = System(a_connection("billing-eu", "chargebee"))
    a_gate(system.connection)
    return system


class TestSeveralBillingSystems:
    def test_a_sale_becomes_one_subscription_where_the_customer_is_billed(
        self, stage: Stage, second: System
    ) -> None:
        stage.begin("opportunity.won/1", an_opportunity(stage), by=stage.crm)
        stage.drain()
        second.drain()
        assert len(stage.billing.told(CREATE)) == 1
        assert not second.heard
        skipped = StepRun.objects.get(step=CREATE, connection=second.connection)
        assert (skipped.state, skipped.note) == ("skipped", "Another system bills this customer.")

    def test_a_connection_says_whose_sales_it_provisions(
        self, stage: Stage, second: System
    ) -> None:
        second.connection.parameters = {"provisions": f"XX, {stage.entity.code}"}
        second.connection.save()
        stage.begin("opportunity.won/1", an_opportunity(stage), by=stage.crm)
        stage.drain()
        second.drain()
        (asked,) = second.told(CREATE)
        assert chargebee.wanted(CREATE, asked)
        assert asked["customer"]["other_ids"]["stripe_id"] == "cus_northwind"
        assert not stage.billing.told(CREATE)

    def test_a_line_goes_where_its_subscription_is_billed(
        self, stage: Stage, second: System
    ) -> None:
        stage.begin("usage.rated/1", a_subscription(stage))
        stage.drain()
        second.drain()
        step = StepRun.objects.get(step="billing.invoice_item.create", connection=second.connection)
        assert (step.state, step.note) == ("skipped", "Another system bills this subscription.")
        assert not second.heard

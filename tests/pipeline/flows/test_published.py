"""Events to subscribers: those that were subscribed to, once, from what is in use."""

from __future__ import annotations

import pytest

from connectors import published
from connectors.models import ConnectionState
from revops.contracts.examples import EXAMPLES
from revops.delivery.models import OutboundCommand
from revops.kernel import strict_json
from revops.pipeline.models import StepRun
from tests.factories import a_connection, a_gate
from tests.pipeline.flows.records import a_subscription, an_entitlement
from tests.pipeline.flows.stage import Stage, System, steps

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal(stage: Stage) -> System:
    system = System(
        a_connection("hub", "portal", parameters={"events": "customer.*, entitlement.granted"})
    )
    a_gate(system.connection)
    return system


class TestPublished:
    def test_subscribers_get_the_event_in_the_published_language(
        self, stage: Stage, portal: System
    ) -> None:
        run = stage.begin("entitlement.granted/1", an_entitlement(stage, a_subscription(stage)))
        portal.drain()

        assert steps(run)["portal.event"] == "done"
        (told,) = portal.told("portal.event")
        assert told["type"] == "entitlement.granted"
        assert told["legal_entity"] == "us"
        example = EXAMPLES["entitlement.granted/1"]
        assert {name: told["data"][name] for name in ("feature", "customer_id")} == {
            name: example[name] for name in ("feature", "customer_id")
        }
        command = OutboundCommand.objects.get(kind="portal.event")
        assert published.Told.model_validate(strict_json.loads(command.payload))

    def test_an_event_that_was_not_subscribed_to_is_told_to_nobody(
        self, stage: Stage, portal: System
    ) -> None:
        run = stage.begin("entitlement.revoked/1", an_entitlement(stage, a_subscription(stage)))
        assert steps(run)["portal.event"] == "skipped"
        step = StepRun.objects.get(run=run, step="portal.event")
        assert step.note == "It did not subscribe to this event."
        assert not OutboundCommand.objects.filter(kind="portal.event").exists()

    def test_each_event_is_told_and_none_replaces_another(
        self, stage: Stage, portal: System
    ) -> None:
        for _ in range(2):
            stage.begin("customer.updated/1", stage.northwind)
        portal.drain()
        assert len(portal.told("portal.event")) == 2

    @pytest.mark.parametrize("state", [ConnectionState.DRAFT, ConnectionState.RETIRED])
    def test_what_is_not_in_use_is_told_nothing(
        self, stage: Stage, portal: System, state: str
    ) -> None:
        portal.connection.state = state
        portal.connection.save()
        run = stage.begin("customer.updated/1", stage.northwind)
        assert "portal.event" not in steps(run)

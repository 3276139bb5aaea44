"""A step that waits for a record goes on when that comes, and looks for it ever less often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from revops.canonical.models import Party
from revops.contracts.examples import EXAMPLES
from revops.events.models import Channel
from revops.kernel import clock, correlation
from revops.pipeline import identity, process, receive, sources
from revops.pipeline.flows import advance
from revops.pipeline.flows.release import PATIENCE, look_after
from revops.pipeline.models import FlowRun, StepRun
from revops.store import sql
from tests import cast
from tests.pipeline.flows.records import a_subscription, an_invoice
from tests.pipeline.flows.stage import Stage, steps


@pytest.fixture
def stage(db: None) -> Stage:
    sources.forget()
    return Stage()


def apart(stage: Stage) -> Party:
    """Nobody has said yet that the CRM's account is Northwind's."""
    now = clock.now()
    other = Party.objects.create(name="NW Inc", created_at=now, updated_at=now)
    stage.party.customers.filter(connection=stage.crm.connection).update(party=other)
    return other


def told(stage: Stage, contract: str, **data: object) -> None:
    """The CRM tells of something, and the line takes it."""
    offered = receive.Offered(
        correlation.new_id(), contract, clock.now(), {**EXAMPLES[contract], **data}
    )
    receive.accept(
        connection_slug="salesforce", items=[offered], channel=Channel.API,
        correlation_id=correlation.new_id(),
    )  # fmt: skip
    process.advance(stage.crm.connection.pk, seconds=5, linger=0)


def waiting(run: FlowRun) -> StepRun:
    return StepRun.objects.get(run=run, state="unready")


class TestLooking:
    def test_is_after_as_long_again_within_a_minute_and_an_hour(self) -> None:
        minutes = [0, 1, 2, 4, 8, 59, 61, 5000]
        looks = [look_after(timedelta(minutes=one)) // timedelta(minutes=1) for one in minutes]
        assert looks == [1, 1, 2, 4, 8, 59, 60, 60]

    def test_is_due_when_the_database_says_so_and_ends_with_patience(self, stage: Stage) -> None:
        apart(stage)
        run = stage.begin("invoice.overdue/1", an_invoice(stage))
        step = waiting(run)
        assert step.next_at is not None
        assert step.next_at - run.started_at == timedelta(minutes=1)

        for ago, after in ((timedelta(minutes=20), 20), (timedelta(days=2), 60)):
            FlowRun.objects.update(started_at=clock.now() - ago)
            StepRun.objects.update(next_at=clock.now() - ago)
            with sql.atomic():
                assert advance.look_again() == set()
            step.refresh_from_db()
            assert round((step.next_at - clock.now()) / timedelta(minutes=1)) == after
        with sql.atomic():
            advance.look_again()  # nothing is due, so nothing is put off
        assert StepRun.objects.get(next_at=step.next_at).state == "unready"

        FlowRun.objects.update(started_at=clock.now() - PATIENCE - timedelta(minutes=1))
        StepRun.objects.update(next_at=clock.now() - PATIENCE)
        with sql.atomic():
            advance.look_again()
        step.refresh_from_db()
        assert step.state == "skipped"
        assert step.note.endswith("Nothing came for 7 days.")


class TestArrival:
    def test_of_the_account_sends_what_waited_in_the_same_transaction(self, stage: Stage) -> None:
        apart(stage)
        run = stage.begin("invoice.overdue/1", an_invoice(stage))
        other = stage.begin("invoice.overdue/1", an_invoice(stage, source_id="in_1043"))
        StepRun.objects.update(next_at=F("next_at") + timedelta(hours=1))

        told(
            stage, "customer.updated/1", customer_id="001Ax000003NwAbIAK", parent_id="",
            other_ids=[{"system": "stripe", "id": "cus_northwind"}],
        )  # fmt: skip

        assert [steps(one)["crm.invoice_state"] for one in (run, other)] == ["queued", "queued"]
        assert not StepRun.objects.exclude(waits_for="").exists()

    def test_of_somebody_elses_account_wakes_nothing(self, stage: Stage) -> None:
        apart(stage)
        run = stage.begin("invoice.overdue/1", an_invoice(stage))
        before = waiting(run).next_at

        told(stage, "customer.created/1", customer_id="001Other", tax_id="", other_ids=[])

        assert waiting(run).next_at == before

    def test_by_a_persons_merge_sends_what_waited(self, stage: Stage) -> None:
        account = apart(stage)
        run = stage.begin("invoice.overdue/1", an_invoice(stage))
        StepRun.objects.update(next_at=F("next_at") + timedelta(hours=1))

        identity.merge_agreed(
            by=cast.person("rob"),
            survivor_id=account.pk,
            absorbed_id=stage.party.pk,
            reason="The same company.",
        )

        assert steps(run)["crm.invoice_state"] == "queued"

    def test_of_the_contract_sends_the_link_to_it(self, stage: Stage) -> None:
        subscription = a_subscription(stage, contract_ref="8005g0000001abcAAA")
        run = stage.begin("subscription.activated/1", subscription)
        assert steps(run)["crm.subscription_link"] == "unready"

        told(
            stage, "contract.signed/1", contract_id="8005g0000001abcAAA",
            customer_id="001Ax000003NwAbIAK", opportunity_id="",
        )  # fmt: skip

        assert steps(run)["crm.subscription_link"] == "queued"

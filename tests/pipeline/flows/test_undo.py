"""Taking back: in reverse order, persisted, and only what can be taken back."""

from __future__ import annotations

import pytest

from connectors.contract import Outcome, Receipt
from revops.kernel import clock
from revops.pipeline.flows import capabilities, undo
from revops.pipeline.models import FlowRun, StepRun
from revops.store import sql
from tests.pipeline.flows.records import an_invoice, an_opportunity
from tests.pipeline.flows.stage import Stage

CANCEL = "billing.subscription.cancel"


def take_back(run: FlowRun) -> None:
    with sql.atomic():
        undo.undo(run.pk, why="The wrong customer.", at=clock.now())


@pytest.fixture
def can_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if billing could end a subscription."""
    real = capabilities.systems
    monkeypatch.setattr(undo, "systems", lambda kind: ("stripe",) if kind == CANCEL else real(kind))


class TestUndo:
    @pytest.fixture
    def won(self, stage: Stage) -> FlowRun:
        run = stage.begin("opportunity.won/1", an_opportunity(stage), by=stage.crm)
        stage.drain()
        return run

    def test_asks_each_system_to_take_back_what_it_made(
        self, stage: Stage, won: FlowRun, can_cancel: None
    ) -> None:
        take_back(won)
        won.refresh_from_db()
        assert won.state == "compensating"
        stage.drain()

        (asked,) = stage.billing.told(CANCEL)
        assert asked["subscription_id"] == "billing.subscription.create-1"
        won.refresh_from_db()
        assert (won.state, won.note) == ("compensated", "The wrong customer.")
        marks = dict(StepRun.objects.values_list("step", "undo_state"))
        assert marks == {"billing.subscription.create": "done", "success.customer": "kept"}

    def test_says_what_stays_and_why(self, stage: Stage, won: FlowRun) -> None:
        take_back(won)

        won.refresh_from_db()
        assert won.state == "compensated"
        step = StepRun.objects.get(step="billing.subscription.create")
        assert step.undo_state == "kept"
        assert step.undo_note.startswith("No connector ends subscriptions")

    def test_withdraws_what_was_not_sent(self, stage: Stage) -> None:
        run = stage.begin("invoice.overdue/1", an_invoice(stage))
        take_back(run)
        stage.drain()

        assert not stage.crm.heard
        assert set(StepRun.objects.values_list("state", flat=True)) == {"withdrawn"}

    def test_stays_open_while_a_system_refuses(
        self, stage: Stage, won: FlowRun, can_cancel: None
    ) -> None:
        stage.billing.outcomes[CANCEL] = Receipt(
            Outcome.REFUSED, code="refused", reason="It is paid."
        )
        take_back(won)
        stage.drain()

        won.refresh_from_db()
        assert won.state == "compensating"
        assert StepRun.objects.get(step="billing.subscription.create").undo_state == "failed"

    def test_what_is_under_way_is_taken_back_when_its_end_is_known(
        self, stage: Stage, can_cancel: None
    ) -> None:
        run = stage.begin("opportunity.won/1", an_opportunity(stage), by=stage.crm)
        command = StepRun.objects.get(step="billing.subscription.create").command
        assert command is not None
        type(command).objects.filter(pk=command.pk).update(state="sending")
        take_back(run)
        assert not stage.billing.heard
        type(command).objects.filter(pk=command.pk).update(state="pending")

        stage.drain()
        stage.drain()

        assert stage.billing.told(CANCEL)
        run.refresh_from_db()
        assert run.state == "compensated"

    def test_is_begun_once(self, stage: Stage, won: FlowRun) -> None:
        take_back(won)
        with pytest.raises(undo.CannotUndo, match="already"):
            take_back(won)

"""
A worker dies at any boundary while a flow goes forward or is taken back: whoever follows goes on
from what is stored, and no system is asked twice.
"""

from __future__ import annotations

import time

import pytest

from revops.delivery import drain
from revops.delivery.models import OutboundCommand
from revops.kernel import clock
from revops.pipeline.flows import capabilities, undo
from revops.pipeline.models import FlowRun
from revops.store import sql
from tests.pipeline.flows.records import an_opportunity
from tests.pipeline.flows.stage import Stage

CREATE, CANCEL = "billing.subscription.create", "billing.subscription.cancel"
BOUNDARIES = ["after_claim", "after_intent", "after_answer", "after_record"]


class Killed(BaseException):
    """Nothing after this line happens; what was not committed is gone."""


def dies(stage: Stage, boundary: str, patch: pytest.MonkeyPatch) -> None:
    """Billing's drain begins, and ends at the boundary."""

    def point(name: str) -> None:
        if name == boundary:
            raise Killed

    with patch.context() as here:
        here.setattr(drain.crash, "point", point)
        with pytest.raises(Killed):
            stage.billing.drain()


def follows(stage: Stage) -> None:
    """Another worker takes over, again and again, until nothing is under way."""
    stop = time.monotonic() + 10
    while OutboundCommand.objects.exclude(state="posted").exists():
        assert time.monotonic() < stop, list(OutboundCommand.objects.values_list("kind", "state"))
        stage.drain()
        time.sleep(0.02)


@pytest.fixture
def mortal(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Leases that end at once, and a billing system that could end a subscription."""
    for system in (stage.billing, stage.crm, stage.success):
        system.lease = 0.05
    real = capabilities.systems
    monkeypatch.setattr(undo, "systems", lambda kind: ("stripe",) if kind == CANCEL else real(kind))
    return stage


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_flow_goes_on_where_a_worker_died(
    mortal: Stage, boundary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = mortal.begin("opportunity.won/1", an_opportunity(mortal), by=mortal.crm)

    dies(mortal, boundary, monkeypatch)
    follows(mortal)

    assert len(mortal.billing.told(CREATE)) == 1
    run.refresh_from_db()
    assert run.state == "done"


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_taking_back_goes_on_where_a_worker_died(
    mortal: Stage, boundary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = mortal.begin("opportunity.won/1", an_opportunity(mortal), by=mortal.crm)
    follows(mortal)
    with sql.atomic():
        undo.undo(run.pk, why="The wrong customer.", at=clock.now())

    dies(mortal, boundary, monkeypatch)
    assert FlowRun.objects.get().state in ("compensating", "compensated")
    follows(mortal)

    assert len(mortal.billing.told(CANCEL)) == 1
    run.refresh_from_db()
    assert run.state == "compensated"

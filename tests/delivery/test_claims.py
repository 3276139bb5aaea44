"""The claim in SQL gives what the deciding core gives (rule 1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from revops.delivery import claims, decide
from revops.delivery.decide import LIVE, Policy, Row, State
from revops.kernel import clock
from tests.factories import a_command

LEASE = 30.0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("crashes", [0, 2])
@pytest.mark.parametrize("state", LIVE)
def test_a_due_row_is_claimed_as_the_core_says(state: State, crashes: int, settled: bool) -> None:
    moment = clock.now()
    row = Row(
        state=state,
        fence=4,
        next_at=moment - timedelta(seconds=5),
        attempts=1,
        crash_count=crashes,
        settle_until=moment + timedelta(seconds=-60 if settled else 600),
    )
    command = a_command(
        state=state.value,
        fence=row.fence,
        next_at=row.next_at,
        attempts=row.attempts,
        crash_count=crashes,
        settle_until=row.settle_until,
    )

    batch, now = claims.claim(connection_id=command.connection_id, most=10, lease=LEASE)

    assert now is not None
    expected = decide.claim(row, now=now, policy=Policy(lease=LEASE, settle=60))
    assert expected is not None
    (work,) = batch
    assert (work.row, work.next) == expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["pending", "unknown"])
def test_a_row_that_is_not_due_is_left_alone(state: str) -> None:
    command = a_command(state=state, next_at=clock.now() + timedelta(seconds=60))

    assert claims.claim(connection_id=command.connection_id, most=10, lease=LEASE)[0] == []

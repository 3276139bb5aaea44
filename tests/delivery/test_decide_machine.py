"""The deciding core in any order of events; and the proof that the search would find harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from connectors.contract import Outcome, Receipt
from revops.delivery import decide
from revops.delivery.decide import Policy, Row, State
from tests.delivery.one_row import LEASE, OneDraftedRow, OneRow

SEARCH = settings(
    max_examples=250, stateful_step_count=60, deadline=None, derandomize=True, database=None
)
# Finding harm is the aim: no time is spent on the shortest example of it.
HUNT = settings(SEARCH, max_examples=2000, phases=[Phase.generate], report_multiple_bugs=False)


class WithoutSettleWindow(OneRow):
    policy = Policy(lease=LEASE, settle=0)


class TestTheDecidingCore:
    def test_keeps_its_promises_in_every_order_of_events(self) -> None:
        run_state_machine_as_test(OneRow, settings=SEARCH)

    def test_keeps_its_promises_when_documents_are_drafted_first(self) -> None:
        run_state_machine_as_test(OneDraftedRow, settings=SEARCH)


def believes_early_answers(*args: Any, **kwargs: Any) -> Row:
    return HONEST["read_result"](*args, **{**kwargs, "asked_at": datetime.max.replace(tzinfo=UTC)})


def forgets_doubt_when_releasing(row: Row, *, now: datetime) -> Row:
    return replace(row, state=State.PENDING, next_at=now)


def takes_silence_for_failure(row: Row, receipt: Receipt, **kwargs: Any) -> Row:
    if receipt.outcome is Outcome.IN_DOUBT:
        receipt = replace(receipt, outcome=Outcome.TRANSIENT)
    return HONEST["conclude"](row, receipt, **kwargs)


def posts_without_an_id(row: Row, receipt: Receipt, **kwargs: Any) -> Row:
    if receipt.outcome is Outcome.OK:
        receipt = replace(receipt, external_id=receipt.external_id or "?")
    return HONEST["conclude"](row, receipt, **kwargs)


def cancels_what_is_drafted(row: Row) -> Row | None:
    return HONEST["cancel"](replace(row, drafted_id=""))


def keeps_the_fence(row: Row, **kwargs: Any) -> Any:
    claim = HONEST["claim"](row, **kwargs)
    return claim and (replace(claim[0], fence=row.fence), claim[1])


HONEST: dict[str, Callable[..., Any]] = {
    name: getattr(decide, name)
    for name in ("read_result", "release", "conclude", "cancel", "claim")
}
MISTAKES = [
    ("read_result", believes_early_answers, OneRow, "I9 sent again after an early answer"),
    ("release", forgets_doubt_when_releasing, OneRow, "I9 sent again"),
    ("conclude", takes_silence_for_failure, OneRow, "I9|I3|cancelled, and in the books"),
    ("conclude", posts_without_an_id, OneRow, "I4 posted without proof"),
    ("cancel", cancels_what_is_drafted, OneDraftedRow, "cancelled, and in the books"),
    ("claim", keeps_the_fence, OneRow, "I8 the fence must grow"),
]


class TestTheSearch:
    @pytest.mark.parametrize(
        ("name", "mistake", "machine", "harm"),
        MISTAKES,
        ids=lambda value: getattr(value, "__name__", ""),
    )
    def test_finds_the_harm_of_a_mistake_in_the_core(
        self,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
        mistake: Callable[..., Any],
        machine: type[OneRow],
        harm: str,
    ) -> None:
        monkeypatch.setattr(decide, name, mistake)
        with pytest.raises(AssertionError, match=harm):
            run_state_machine_as_test(machine, settings=HUNT)

    def test_finds_the_second_document_when_there_is_no_settle_window(self) -> None:
        with pytest.raises(AssertionError):
            run_state_machine_as_test(WithoutSettleWindow, settings=HUNT)

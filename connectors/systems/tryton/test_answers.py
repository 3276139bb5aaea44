from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Outcome
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.tryton import answers
from connectors.testing.answers import answer, recorded

RECORDED = recorded(__file__)


def classified(told: dict[str, Any], *, write: bool) -> Problem:
    door = answers.of_rest if told["door"] == "rest" else answers.of_rpc
    with pytest.raises(Problem) as caught:
        door(answer(told, **{"content-type": told["type"]}), write=write)
    return caught.value


class TestRecordedAnswers:
    @pytest.mark.parametrize("told", RECORDED)
    def test_mean_what_they_say(self, told: dict[str, Any]) -> None:
        problem = classified(told, write=True)
        assert problem.outcome == told["outcome"]
        assert (problem.code, problem.reason) == (told["code"], told["reason"])
        assert problem.retry_after == told.get("retry_after")
        assert problem.status == told["status"]

    @pytest.mark.parametrize("told", RECORDED)
    def test_a_read_is_never_in_doubt(self, told: dict[str, Any]) -> None:
        problem = classified(told, write=False)
        doubtful = told["outcome"] == Outcome.IN_DOUBT
        assert problem.outcome == (Outcome.TRANSIENT if doubtful else told["outcome"])

    @pytest.mark.parametrize("told", RECORDED)
    def test_evidence_holds_no_markup(self, told: dict[str, Any]) -> None:
        excerpt = classified(told, write=True).excerpt
        assert "<" not in excerpt or told["type"] == "application/json"


class TestGoodAnswers:
    def test_rest_gives_the_value_and_nothing_for_204(self) -> None:
        assert answers.of_rest(Answer(200, {}, b"[1, 2]"), write=True) == [1, 2]
        assert answers.of_rest(Answer(204, {}, b""), write=True) is None

    def test_rpc_gives_the_result_even_when_it_is_null(self) -> None:
        assert answers.of_rpc(Answer(200, {}, b'{"id": 1, "result": null}'), write=True) is None
        assert answers.of_rpc(Answer(200, {}, b'{"id": 1, "result": [7]}'), write=True) == [7]

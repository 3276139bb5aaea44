from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Outcome
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.tryton import answers

RECORDED = json.loads(Path(__file__).with_name("fixtures").joinpath("answers.json").read_text())


def answer(recorded: dict[str, Any]) -> Answer:
    body = recorded["body"]
    raw = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": recorded["type"]} | recorded.get("headers", {})
    return Answer(recorded["status"], headers, raw.encode())


def classified(recorded: dict[str, Any], *, write: bool) -> Problem:
    door = answers.of_rest if recorded["door"] == "rest" else answers.of_rpc
    with pytest.raises(Problem) as caught:
        door(answer(recorded), write=write)
    return caught.value


class TestRecordedAnswers:
    @pytest.mark.parametrize("recorded", RECORDED)
    def test_mean_what_they_say(self, recorded: dict[str, Any]) -> None:
        problem = classified(recorded, write=True)
        assert problem.outcome == recorded["outcome"]
        assert (problem.code, problem.reason) == (recorded["code"], recorded["reason"])
        assert problem.retry_after == recorded.get("retry_after")
        assert problem.status == recorded["status"]

    @pytest.mark.parametrize("recorded", RECORDED)
    def test_a_read_is_never_in_doubt(self, recorded: dict[str, Any]) -> None:
        problem = classified(recorded, write=False)
        doubtful = recorded["outcome"] == Outcome.IN_DOUBT
        assert problem.outcome == (Outcome.TRANSIENT if doubtful else recorded["outcome"])

    @pytest.mark.parametrize("recorded", RECORDED)
    def test_evidence_holds_no_markup(self, recorded: dict[str, Any]) -> None:
        excerpt = classified(recorded, write=True).excerpt
        assert "<" not in excerpt or recorded["type"] == "application/json"


class TestGoodAnswers:
    def test_rest_gives_the_value_and_nothing_for_204(self) -> None:
        assert answers.of_rest(Answer(200, {}, b"[1, 2]"), write=True) == [1, 2]
        assert answers.of_rest(Answer(204, {}, b""), write=True) is None

    def test_rpc_gives_the_result_even_when_it_is_null(self) -> None:
        assert answers.of_rpc(Answer(200, {}, b'{"id": 1, "result": null}'), write=True) is None
        assert answers.of_rpc(Answer(200, {}, b'{"id": 1, "result": [7]}'), write=True) == [7]

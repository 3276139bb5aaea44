"""Answers as a system was seen to give them, or its documents have them, and what they mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from connectors.contract import Outcome
from connectors.http import Answer
from connectors.problem import Problem

Recorded = Mapping[str, Any]


def recorded(file: str) -> list[dict[str, Any]]:
    """``fixtures/answers.json`` beside a test module's ``__file__``."""
    path = Path(file).with_name("fixtures").joinpath("answers.json")
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def answer(told: Recorded, **headers: str) -> Answer:
    """``status``, ``body`` (text, or a value as JSON) and ``headers`` as they came."""
    body = told["body"]
    raw = body if isinstance(body, str) else json.dumps(body)
    return Answer(told["status"], {**told.get("headers", {}), **headers}, raw.encode())


def mean_what_is_said_of_them(
    all_of_them: Iterable[Recorded], problem: Callable[..., Problem]
) -> None:
    """``problem(answer, write=…)`` is what the connector makes of each; no read is in doubt."""
    for told in all_of_them:
        found = problem(answer(told), write=True)
        said = (found.outcome, found.code, found.retry_after, found.status)
        assert said == (
            told["outcome"], told["code"], told.get("retry_after"), told["status"],
        ), told  # fmt: skip
        assert " " in found.reason
        read = problem(answer(told), write=False).failure()
        assert read.outcome is not Outcome.IN_DOUBT, told

"""
What Fusion's answers mean. Its REST says no with a sentence as plain text or as ``{title, status,
"o:errorDetails": [{detail}]}``, its SOAP with a fault and status 500, and an import with a good
answer: whether it did anything is only seen by reading back (``importing``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors import answers
from connectors.contract import Outcome, PayloadUnreadable
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.oracle_fusion import refusals

THROTTLED_S: Final = 30
# Planned maintenance may last eight hours; there is no use in asking every few seconds.
MAINTENANCE_S: Final = 900
_SYSTEM: Final = "Fusion"
_FAULT: Final = re.compile(r"<faultstring[^>]*>(?P<words>.*?)</faultstring>", re.DOTALL)


def of(answer: Answer, *, write: bool) -> Mapping[str, Any]:
    """The object of a good answer. Raises Problem."""
    if answer.status in (200, 201):
        return answers.mapping(answer, _SYSTEM, write=write)
    raise problem(answer, write=write)


def of_soap(answer: Answer) -> str:
    """The body of a good SOAP answer. A fault is a refusal, whatever its status. Raises Problem."""
    text = answer.body.decode("utf-8", "replace")
    fault = _FAULT.search(text)
    if fault is not None:
        code, reason = refusals.meaning(" ".join(fault["words"].split()))
        raise Problem(Outcome.REFUSED, code, reason, **_evidence(answer))
    if answer.status == 200 and "Envelope" in text:
        return text
    raise problem(answer, write=True)


def problem(answer: Answer, *, write: bool) -> Problem:
    """What an answer that is no success means."""
    evidence, status = _evidence(answer), answer.status
    words = str(evidence["excerpt"])
    if status == 429:
        reason = "Fusion asks us to slow down."
        return answers.throttled(answer, reason, otherwise=THROTTLED_S, **evidence)
    if status == 503 and "maintenance" in words.lower():
        wait = answers.retry_after(answer, MAINTENANCE_S)
        reason = "Fusion is down for maintenance, which may last up to eight hours."
        return Problem(Outcome.THROTTLED, "maintenance", reason, retry_after=wait, **evidence)
    if status == 401:
        reason = "Fusion does not accept the credentials."
        return Problem(Outcome.AUTH, "credentials_refused", reason, **evidence)
    if status == 403:
        reason = "The console's user may not do this in Fusion."
        return Problem(Outcome.AUTH, "forbidden", reason, **evidence)
    if status == 404:
        reason = "Fusion has no such resource or record, or the user may not see it."
        return Problem(Outcome.AUTH, "not_found", reason, **evidence)
    if status in (408, 425) or 300 <= status < 400:
        reason = "Fusion did not take the request."
        return Problem(Outcome.TRANSIENT, "not_taken", reason, **evidence)
    if 400 <= status < 500:
        code, reason = refusals.meaning(words)
        outcome = Outcome.ALREADY_DONE if code == "exists" else Outcome.REFUSED
        return Problem(outcome, code, reason, **evidence)
    if 200 <= status < 300:
        reason = "Fusion answered in a way that was not expected here."
        return Problem(answers.unclear(write=write), "garbled", reason, **evidence)
    return answers.failed(answer, _SYSTEM, write=write, **evidence)


def _evidence(answer: Answer) -> dict[str, Any]:
    return answers.evidence(answer, _words(answer))


def _words(answer: Answer) -> str:
    try:
        said = answer.json()
    except PayloadUnreadable:
        return answer.excerpt()
    details = said.get("o:errorDetails") if isinstance(said, Mapping) else None
    if not isinstance(details, list):
        return answer.excerpt()
    told = [str(one.get("detail") or "") for one in details if isinstance(one, Mapping)]
    return " ".join(told)[:500] or answer.excerpt()

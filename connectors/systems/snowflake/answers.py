"""
What Snowflake's answers mean
(https://docs.snowflake.com/en/developer-guide/sql-api/reference, *Response codes*).

A failed statement is 422 with ``code``, ``sqlState``, ``message`` and ``statementHandle``. A
statement is done whole or not at all, so 422 says that nothing of it was kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors.contract import Outcome, PayloadUnreadable
from connectors.http import Answer
from connectors.problem import Problem
from revops.kernel import backoff
from revops.kernel.clock import now

Json = Mapping[str, Any]

# An object that is not there, or that the role may not see; and a column that is not there.
NO_TABLE: Final = "sql_002003"
NO_COLUMN: Final = "sql_000904"
_HANDLE: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_DONE: Final = "00000"
_STRANGER: Final = "000709"
# Sign-in, roles, databases, schemas and warehouses that are not there or not granted.
_OURS: Final = ("002003", "002043", "000606", "003001")
_RIGHTS: Final = "42501"
# Cancelled, timed out, locked, or no warehouse that could run it now.
_NOT_NOW: Final = ("57", "40")
_THROTTLED_S: Final = 10


def result(answer: Answer, *, write: bool) -> Json:
    """The result of a statement that is done. Raises Problem for every other answer."""
    if answer.status != 200:
        raise _problem(answer, write=write)
    told = _object(answer)
    if told.get("sqlState") != _DONE or "statementHandle" not in told:
        raise unclear(write=write, said=answer)
    return told


def handle(answer: Answer, *, write: bool) -> str:
    """Of a statement that is still at work. Raises Problem when there is none."""
    found = str(_object(answer).get("statementHandle", ""))
    if not _HANDLE.fullmatch(found):
        raise unclear(write=write, said=answer)
    return found


def settled(answer: Answer) -> bool:
    """Whether a look at a statement that was at work says how it ended."""
    if answer.status == 422:
        return _object(answer).get("code") not in (_STRANGER, None)
    return answer.status in (200, 408)


def unclear(*, write: bool, said: Answer | None = None) -> Problem:
    """It cannot be told from the answer what was done."""
    return Problem(
        Outcome.IN_DOUBT if write else Outcome.TRANSIENT,
        "unclear",
        "Snowflake's answer does not say what became of the statement.",
        status=said.status if said else None,
        excerpt=said.excerpt() if said else "",
    )


def _problem(answer: Answer, *, write: bool) -> Problem:
    told = _object(answer)
    code, said = str(told.get("code") or ""), _said(told)
    match answer.status:
        case 401 | 403:
            reason = f"Snowflake does not let us in. {said}"
            return _of(answer, Outcome.AUTH, "sign_in", reason)
        case 404:
            reason = "There is no SQL API of Snowflake at this address."
            return _of(answer, Outcome.AUTH, "address", reason)
        case 408:
            reason = "Snowflake ended the statement, because it took too long."
            return _of(answer, Outcome.TRANSIENT, "late", reason)
        case 429:
            reason = "Snowflake has too many requests at the moment."
            waits = backoff.retry_after(answer.headers.get("retry-after"), at=now())
            return _of(
                answer, Outcome.THROTTLED, "throttled", reason, retry_after=waits or _THROTTLED_S
            )
        case 503:
            reason = "Snowflake is not available at the moment."
            return _of(answer, Outcome.TRANSIENT, "unavailable", reason)
        case 422 if code:
            return _of(answer, _meaning(code, str(told.get("sqlState") or "")),
                       f"sql_{code}", f"Snowflake says: {said}")  # fmt: skip
        case 400 | 405 | 413 | 415:
            reason = f"Snowflake does not take this request ({answer.status}). {said}"
            return _of(answer, Outcome.REFUSED, f"http_{answer.status}", reason)
        case _:
            return unclear(write=write, said=answer)


def _meaning(code: str, state: str) -> Outcome:
    if code in _OURS or code.startswith("390") or state == _RIGHTS:
        return Outcome.AUTH
    return Outcome.TRANSIENT if state[:2] in _NOT_NOW else Outcome.REFUSED


def _of(
    answer: Answer, outcome: Outcome, code: str, reason: str, *, retry_after: int | None = None
) -> Problem:
    return Problem(
        outcome, code, reason.strip(), status=answer.status, excerpt=answer.excerpt(),
        retry_after=retry_after,
    )  # fmt: skip


def _said(told: Json) -> str:
    words = " ".join(str(told.get("message") or "").split())
    return words[:200]


def _object(answer: Answer) -> Json:
    """An answer that is no JSON object says nothing."""
    try:
        found = answer.json()
    except PayloadUnreadable:
        return {}
    return found if isinstance(found, dict) else {}

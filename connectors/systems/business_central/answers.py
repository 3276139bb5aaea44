"""
What Business Central's answers mean, by status and by the family of ``error.code``.

    BadRequest_…      malformed, or no such thing
    Authentication_…  who we are is not accepted
    Authorization_…   we may not do this
    Internal_…        a failure there, or a reference to something that does not exist
    Application_…     its rules refused the content: a person has to act

A 4xx means that the whole request was rolled back. 408 and 504 say that a limit of time was met
(8 and 10 minutes), 503 that the request waited in a queue for 8 minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors import answers
from connectors.answers import evidence
from connectors.contract import Outcome, PayloadUnreadable
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.business_central import refusals

# No Retry-After is promised with 429; the window of the limit slides over five minutes.
THROTTLED_S: Final = 30
_SYSTEM: Final = "Business Central"
# Codes of Internal_ that are told for what was sent, not for a failure there.
_OF_CONTENT: Final = (
    "Internal_InvalidTableRelation",
    "Internal_RecordNotFound",
    "Internal_DataNotFoundFilter",
    "Internal_EntityWithSameKeyExists",
    "Internal_CompanyNotFound",
)


def of(answer: Answer, *, write: bool) -> Any:
    """The value of an answer, None for 204. Raises Problem."""
    if answer.status == 204:
        return None
    if answer.status in (200, 201):
        return answers.read(answer, _SYSTEM, write=write)
    code, message = _error(answer)
    raise _problem(answer, code, message, write=write)


def _problem(answer: Answer, code: str, message: str, *, write: bool) -> Problem:
    status, told = answer.status, evidence(answer)
    if status == 429:
        return _busy(answer, "Business Central asks us to slow down.")
    if status == 401 or code.startswith("Authentication_"):
        reason = "Business Central does not accept the sign-in of this connection."
        return Problem(Outcome.AUTH, "session", reason, **told)
    if status == 403 or code.startswith("Authorization_"):
        reason = "The application may not do this in Business Central; see its permission sets."
        return Problem(Outcome.AUTH, "forbidden", reason, **told)
    if status in (409, 412) or code in ("Request_EntityChanged", "BadRequest_InvalidToken"):
        reason = "Somebody changed this in Business Central meanwhile; it is tried again."
        return Problem(Outcome.TRANSIENT, "changed", reason, **told)
    if status == 404:
        reason = refusals.told(message) or "Business Central has no such record."
        return Problem(Outcome.REFUSED, "not_found", reason, **told)
    if status == 413:
        reason = "Business Central takes no call of this size; fewer rows have to be asked for."
        return Problem(Outcome.REFUSED, "too_large", reason, **told)
    if 300 <= status < 400:
        return Problem(
            Outcome.TRANSIENT, "redirected", "Business Central's address leads elsewhere.", **told
        )
    own = code.startswith(("Application_", "BadRequest")) or code in (*_OF_CONTENT, "Unknown")
    if 400 <= status < 500 and status not in (408, 425) and own:
        word, reason = refusals.meaning(code, message)
        outcome = Outcome.TRANSIENT if word in refusals.PASSING else Outcome.REFUSED
        return Problem(outcome, word, reason, **told)
    if 400 <= status < 500 and status != 408 and not code:
        reason = f"Business Central refused it: {told['excerpt'] or status}."
        return Problem(Outcome.REFUSED, "refused", reason, **told)
    # What failed there, or was given up there after minutes, may have been kept.
    return answers.failed(answer, _SYSTEM, write=write)


def _busy(answer: Answer, reason: str) -> Problem:
    if answer.status == 429:
        return answers.throttled(answer, reason, otherwise=THROTTLED_S)
    wait = answers.retry_after(answer)
    return Problem(Outcome.TRANSIENT, "throttled", reason, retry_after=wait, **evidence(answer))


def _error(answer: Answer) -> tuple[str, str]:
    """Code and message of ``{"error": {"code", "message"}}``; empty when it is none."""
    try:
        said = answer.json()
    except PayloadUnreadable:
        return "", ""
    error = said.get("error") if isinstance(said, Mapping) else None
    if not isinstance(error, Mapping):
        return "", ""
    return str(error.get("code") or ""), str(error.get("message") or "")

"""
What Zendesk's answers mean.

Errors are ``{"error", "description", "details"}``, of sign-ins ``{"error", "error_description"}``,
or ``{"error": {"title", "message"}}`` from its gateway, or a page. A 429 may come without
Retry-After and without JSON; lists say when their minute is over. Sources are in README.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.contract import Outcome, PayloadUnreadable
from connectors.http import Answer
from connectors.problem import Problem
from connectors.signing_in import Pass
from revops.kernel import backoff
from revops.kernel.clock import now

# The limit is by the minute: without Retry-After it is over after at most that.
WINDOW_S: Final = 60
_LONGEST: Final = 8192

Json = Mapping[str, Any]


def body(answer: Answer, *, write: bool) -> Json:
    """The object of an answer that says yes. Raises Problem."""
    unsure = Outcome.IN_DOUBT if write else Outcome.TRANSIENT
    if answer.status not in (200, 201):
        raise _refused(answer, unsure)
    try:
        found = answer.json()
    except PayloadUnreadable:
        found = None
    if not isinstance(found, Mapping):
        reason = "Zendesk's answer could not be read."
        raise _problem(answer, unsure, "garbled", reason)
    return found


def of_token(answer: Answer) -> Pass:
    """What a sign-in brought. Raises Problem, AUTH when it was refused."""
    if answer.status in (400, 401, 403):
        word, said = _said(answer)
        reason = f"Zendesk refused the sign-in of the OAuth client: {said or word or answer.status}"
        # The answer's body is not kept: what a sign-in says is nobody's evidence.
        raise Problem(Outcome.AUTH, "sign_in", reason.rstrip(".") + ".", status=answer.status)
    found = body(answer, write=False)
    token, lasts = found.get("access_token"), found.get("expires_in")
    if not isinstance(token, str) or not 0 < len(token) < _LONGEST or not token.isprintable():
        raise Problem(Outcome.TRANSIENT, "garbled", "Zendesk's sign-in answered no token.")
    return Pass(token, lasts if type(lasts) is int and lasts > 0 else None)


def _refused(answer: Answer, unsure: Outcome) -> Problem:
    status = answer.status
    word, said = _said(answer)
    if status == 429:
        reason = "Zendesk asks us to slow down: its calls for this minute are used up."
        return _problem(answer, Outcome.THROTTLED, "throttled", reason, _wait(answer))
    if status in (401, 403):
        reason = f"Zendesk does not accept the console's sign-in: {said or status}"
        return _problem(answer, Outcome.AUTH, "credentials_refused", reason.rstrip(".") + ".")
    if status == 404 and word == "RecordNotFound":
        return _problem(answer, Outcome.REFUSED, "not_there", "Zendesk has no such record.")
    if status == 404 or 300 <= status < 400:
        reason = "The address leads to something that is not Zendesk's API: check the subdomain."
        return _problem(answer, Outcome.AUTH, "address_wrong", reason)
    if status == 409:
        reason = "The ticket was changed at the same moment: it is read again first."
        return _problem(answer, Outcome.TRANSIENT, "changed_meanwhile", reason)
    if status == 503:
        wait_s = backoff.retry_after(answer.headers.get("retry-after"), at=now())
        reason = "Zendesk is being maintained or is down."
        return _problem(answer, unsure, "down", reason, wait_s)
    if status >= 500 or status in (408, 425):
        return _problem(answer, unsure, "failed", f"Zendesk failed with {status}.")
    reason = f"Zendesk refused it: {said or status}."
    return _problem(answer, Outcome.REFUSED, _code(word) or "refused", reason)


def _said(answer: Answer) -> tuple[str, str]:
    """(its word for the error, what it says of it)"""
    try:
        found = answer.json()
    except PayloadUnreadable:
        return "", ""
    if not isinstance(found, Mapping):
        return "", ""
    error = found.get("error")
    if isinstance(error, Mapping):
        return str(error.get("title") or ""), str(error.get("message") or "")[:300]
    words = [str(found.get("description") or found.get("error_description") or "")]
    details = found.get("details")
    if isinstance(details, Mapping):
        words = [
            str(one.get("description"))
            for rows in details.values()
            if isinstance(rows, list)
            for one in rows
            if isinstance(one, Mapping) and one.get("description")
        ] or words
    word = error if isinstance(error, str) else ""
    return word, ("; ".join(part for part in words if part) or word)[:300]


def _wait(answer: Answer) -> int:
    """Seconds: as it asks for, else until the minute is over, else a whole one."""
    asked = backoff.retry_after(answer.headers.get("retry-after"), at=now())
    resets = answer.headers.get("ratelimit-reset", "")
    left = int(resets) if resets.isascii() and resets.isdigit() and len(resets) < 5 else 0
    return asked or min(left, WINDOW_S) or WINDOW_S


def _code(word: str) -> str:
    """``RecordInvalid`` → ``record_invalid``."""
    parts = "".join(f"_{one.lower()}" if one.isupper() else one for one in word if one.isalnum())
    return parts.strip("_")[:40]


def _problem(
    answer: Answer, outcome: Outcome, code: str, reason: str, wait: int | None = None
) -> Problem:
    return Problem(
        outcome, code, reason, status=answer.status, excerpt=answer.excerpt(), retry_after=wait
    )

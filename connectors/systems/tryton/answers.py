"""
What Tryton's answers mean. HTTP status is evidence, the text decides.

All cases were met on Tryton 8.2.1: refusals are 400 with JSON by REST and 200 with ``error`` by
JSON-RPC; credentials, rights, unknown names and crashes are HTML pages of any status.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any, Final

from connectors import answers
from connectors.contract import Outcome
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.tryton import refusals

# A login is locked for [session] timeout = 300 s after more than five wrong passwords.
LOGIN_LOCKED_S: Final = 300
THROTTLED_S: Final = 30
_SYSTEM: Final = "Tryton"

# PostgreSQL's words, which Tryton passes on in its 503. All say that the transaction was undone;
# the same in another language is not recognised and becomes “in doubt”, which is safe.
_UNDONE: Final = (
    "could not obtain lock",
    "could not serialize access",
    "deadlock detected",
    "due to lock timeout",
)


def of_rest(answer: Answer, *, write: bool) -> Any:
    """The value of a REST answer, None for 204. Raises Problem."""
    if answer.status == 204:
        return None
    if answer.status == 200:
        return answers.read(answer, _SYSTEM, write=write, excerpt=excerpt)
    if answer.status == 400 and "json" in answer.headers.get("content-type", ""):
        said = answers.read(answer, _SYSTEM, write=write, excerpt=excerpt)
        message = said.get("message", "") if isinstance(said, Mapping) else ""
        raise _refusal(str(message), answer)
    raise _page(answer, write=write)


def of_rpc(answer: Answer, *, write: bool) -> Any:
    """The result of a JSON-RPC answer; a 200 that carries an error is one. Raises Problem."""
    if answer.status != 200:
        raise _page(answer, write=write)
    said = answers.read(answer, _SYSTEM, write=write, excerpt=excerpt)
    if isinstance(said, Mapping) and "result" in said:
        return said["result"]
    error = said.get("error") if isinstance(said, Mapping) else None
    match error:
        case ["UserError", [str() as message, *_]] | ["UserWarning", [_, str() as message, *_]]:
            raise _refusal(message, answer)
        case ["LoginException", *_]:
            raise Problem(
                Outcome.AUTH, "login_refused", "Tryton refused the login.", **_evidence(answer)
            )
        case ["ConcurrencyException", *_]:
            raise _locked(answer)
    # Any other exception of Tryton's: most are raised before the commit, not provably all.
    outcome = answers.unclear(write=write)
    raise Problem(outcome, "failed", "Tryton failed while it worked on this.", **_evidence(answer))


def _refusal(message: str, answer: Answer) -> Problem:
    """Nothing of the call was kept."""
    code, reason = refusals.meaning(message)
    outcome = Outcome.AUTH if code == "forbidden" else Outcome.REFUSED
    return Problem(outcome, code, reason, **_evidence(answer))


def _page(answer: Answer, *, write: bool) -> Problem:
    """An answer of any other status, mostly an HTML page of the server or of a proxy before it."""
    evidence = _evidence(answer)
    text = evidence["excerpt"]
    status = answer.status
    if status == 401:
        return Problem(
            Outcome.AUTH,
            "credentials_refused",
            "Tryton does not accept the credentials.",
            **evidence,
        )
    if status == 403:
        return Problem(
            Outcome.AUTH, "forbidden", "The key's user may not do this in Tryton.", **evidence
        )
    if status == 404:
        return Problem(
            Outcome.AUTH, "not_found", "Tryton has no such database or record.", **evidence
        )
    if status == 429:
        locked = "allotted request count" in text
        reason = (
            "Tryton has locked this login for five minutes, after wrong passwords."
            if locked
            else "Tryton asks us to slow down."
        )
        wait = answers.retry_after(answer, LOGIN_LOCKED_S if locked else THROTTLED_S)
        code = "login_locked" if locked else "throttled"
        return Problem(Outcome.THROTTLED, code, reason, retry_after=wait, **evidence)
    if status == 423 or (status == 503 and any(words in text for words in _UNDONE)):
        return _locked(answer)
    if status in (408, 425):
        return Problem(
            Outcome.TRANSIENT, "not_taken", "Tryton did not take the request.", **evidence
        )
    if 300 <= status < 400:
        return Problem(
            Outcome.TRANSIENT, "redirected", "Tryton's address leads elsewhere.", **evidence
        )
    if 400 <= status < 500:
        return Problem(
            Outcome.REFUSED, "refused", f"Tryton refused it: {text or status}.", **evidence
        )
    return answers.failed(answer, _SYSTEM, write=write, **evidence)


def _locked(answer: Answer) -> Problem:
    return Problem(
        Outcome.TRANSIENT,
        "locked",
        "Tryton was busy with another posting; it is tried again.",
        **_evidence(answer),
    )


def _evidence(answer: Answer) -> dict[str, Any]:
    return answers.evidence(answer, excerpt(answer))


def excerpt(answer: Answer) -> str:
    """The body for people: of a page its paragraph, or all of it without the tags."""
    text = answer.excerpt()
    if "html" in answer.headers.get("content-type", ""):
        paragraph = re.search(r"<p>(.+?)(</p>|$)", text, re.DOTALL)
        text = paragraph[1] if paragraph else text
        text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", text))).strip()
    return text

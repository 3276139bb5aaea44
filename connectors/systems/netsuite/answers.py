"""
What NetSuite's answers mean. Its errors are ``{type, title, status, "o:errorDetails": [{detail,
"o:errorCode", "o:errorPath"}]}``; the code and the sentence decide, the status is evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors import answers
from connectors.contract import Outcome, PayloadUnreadable
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.netsuite import refusals

THROTTLED_S: Final = 30
# Excess calls were seen to be told so after a minute of waiting.
LOADED_S: Final = 60
_SYSTEM: Final = "NetSuite"
_JOB: Final = re.compile(r"/services/rest/async/v1/job/(?P<id>[A-Za-z0-9_-]{1,40})/?$", re.ASCII)
_RECORD: Final = re.compile(r"/services/rest/record/v1/[A-Za-z]+/(?P<id>[0-9]{1,18})/?$", re.ASCII)

_TOO_MANY: Final = frozenset(
    (
        "SSS_REQUEST_LIMIT_EXCEEDED",
        "CONCURRENCY_LIMIT_EXCEEDED",
        "REQUEST_LIMIT_EXCEEDED",
        "WS_REQUEST_BLOCKED",
        "WS_CONCUR_SESSION_DISALLWD",
    )
)
_CHANGED: Final = frozenset(("RCRD_HAS_BEEN_CHANGED", "RECORD_CHANGED"))


class Submitted(Problem):
    """An asynchronous request that NetSuite has taken before; ``job`` is that one's."""

    def __init__(self, job: str, **evidence: Any) -> None:
        reason = f"NetSuite has taken this request before, as job {job}."
        super().__init__(Outcome.ALREADY_DONE, "submitted", reason, **evidence)
        self.job = job


def of(answer: Answer, *, write: bool) -> Any:
    """The value of a good answer; None for one without a body. Raises Problem."""
    if answer.status in (200, 204):
        if not answer.body:
            return None
        return answers.mapping(answer, _SYSTEM, write=write)
    raise problem(answer, write=write)


def made(answer: Answer) -> str:
    """The internal id of a new record, from 204 with a ``Location``. Raises Problem."""
    return _named(answer, 204, _RECORD, "did not name the record that it made")


def taken(answer: Answer) -> str:
    """The job of an asynchronous request, from 202 with a ``Location``. Raises Problem."""
    return _named(answer, 202, _JOB, "did not name the job that it began")


def _named(answer: Answer, status: int, place: re.Pattern[str], otherwise: str) -> str:
    if answer.status == status:
        found = place.search(answer.headers.get("location", ""))
        if found is not None:
            return found["id"]
    elif answer.status not in (200, 202, 204):
        raise problem(answer, write=True)
    reason = f"NetSuite {otherwise}."
    raise Problem(Outcome.IN_DOUBT, "garbled", reason, **_evidence(answer))


def signed_in(answer: Answer) -> tuple[str, int | None]:
    """Token and seconds. What this door refuses are the credentials. Raises Problem."""
    if answer.status == 200:
        found = answers.read(answer, _SYSTEM, write=False)
        if isinstance(found, Mapping) and isinstance(found.get("access_token"), str):
            lasts = str(found.get("expires_in") or "")
            return found["access_token"], int(lasts) if lasts.isdecimal() else None
        raise Problem(
            Outcome.TRANSIENT, "garbled", "NetSuite's sign-in gave no token.", **_evidence(answer)
        )
    if answer.status in (400, 401, 403) and not _TOO_MANY & set(codes(answer)):
        reason = (
            "NetSuite refuses the sign-in: client ID, certificate and private key belong together, "
            "and the certificate may have ended or been revoked."
        )
        raise Problem(Outcome.AUTH, "sign_in", reason, **_evidence(answer))
    raise problem(answer, write=False)


def loaded(problem: Problem, *, signed: bool) -> Problem:
    """
    For a token that NetSuite issued a moment ago, or a call that is ``signed``, which it refuses as
    an invalid login: that is also how it was seen to say that too many calls run at once, so it
    says nothing about the credentials.
    """
    refused = (
        "NetSuite refused a signed call" if signed else "NetSuite issued a token and refused it"
    )
    return Problem(
        Outcome.THROTTLED,
        "login_under_load",
        f"{refused}, as it does when too many calls run at once. If it goes on, its Login Audit "
        "Trail says why.",
        status=problem.status,
        excerpt=problem.excerpt,
        retry_after=LOADED_S,
    )


def problem(answer: Answer, *, write: bool) -> Problem:
    """What an answer that is no success means."""
    evidence, status, said = _evidence(answer), answer.status, codes(answer)
    if status == 429 or _TOO_MANY & set(said):
        reason = "NetSuite says that too many calls run at once in this account."
        return answers.throttled(answer, reason, otherwise=THROTTLED_S, **evidence)
    if "IDEMPOTENCY_ERROR" in said:
        found = _JOB.search(answer.headers.get("location", ""))
        if found is not None:
            return Submitted(found["id"], **evidence)
        reason = "NetSuite has taken this request before and does not say as which job."
        return Problem(Outcome.IN_DOUBT, "submitted", reason, **evidence)
    if status == 401:
        reason = "NetSuite does not accept the access token."
        return Problem(Outcome.AUTH, "session", reason, **evidence)
    if status == 403:
        reason = "The role that the console signs in with may not do this in NetSuite."
        return Problem(Outcome.AUTH, "forbidden", reason, **evidence)
    if status == 404:
        reason = "NetSuite has no such record or record type, or the role may not see it."
        return Problem(Outcome.AUTH, "not_found", reason, **evidence)
    if status in (408, 425) or 300 <= status < 400:
        reason = "NetSuite did not take the request."
        return Problem(Outcome.TRANSIENT, "not_taken", reason, **evidence)
    if _CHANGED & set(said):
        reason = "Somebody changed the record in NetSuite at the same moment."
        return Problem(Outcome.TRANSIENT, "changed", reason, **evidence)
    if 400 <= status < 500 and "UNEXPECTED_ERROR" not in said:
        code, reason = refusals.meaning(sentence(answer), said)
        outcome = Outcome.ALREADY_DONE if code == "exists" else Outcome.REFUSED
        return Problem(outcome, code, reason, **evidence)
    if 200 <= status < 300:
        reason = "NetSuite answered in a way that was not expected here."
        return Problem(answers.unclear(write=write), "garbled", reason, **evidence)
    return answers.failed(answer, _SYSTEM, write=write, **evidence)


def codes(answer: Answer) -> list[str]:
    return [str(detail.get("o:errorCode") or "") for detail in _details(answer)]


def sentence(answer: Answer) -> str:
    """What NetSuite says, without the words that it begins all of it with."""
    told = [str(detail.get("detail") or "") for detail in _details(answer)]
    return " ".join(told).replace("Error while accessing a resource.", "").strip()


def _details(answer: Answer) -> list[Mapping[str, Any]]:
    try:
        said = answer.json()
    except PayloadUnreadable:
        return []
    if not isinstance(said, Mapping):
        return []
    details = said.get("o:errorDetails")
    if not isinstance(details, list):
        # The token endpoint speaks OAuth: {"error": "invalid_grant"}.
        return [{"o:errorCode": said.get("error"), "detail": said.get("error_description")}]
    return [detail for detail in details if isinstance(detail, Mapping)]


def _evidence(answer: Answer) -> dict[str, Any]:
    return answers.evidence(answer, sentence(answer))

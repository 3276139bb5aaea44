"""
What Gainsight's answers mean. The body decides, the HTTP status is evidence.

Every answer is ``{result, errorCode, errorDesc, requestId, data}``. ``result`` false is a failure
whatever the status is; ``GS_APIG_…`` codes come from the gateway before anything was done,
``GSOBJ_…`` from the data service. Sources are in README.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors import answers
from connectors.answers import evidence, retry_after
from connectors.contract import Outcome, PayloadUnreadable
from connectors.http import Answer
from connectors.problem import Problem

# The limit is a fixed window of a minute; without Retry-After it is over after at most that.
WINDOW_S: Final = 60
_THROTTLED: Final = ("GS_APIG_2404",)
_UNAUTHORIZED: Final = "GS_APIG_2401"
_AUTH: Final = (_UNAUTHORIZED, "GS_APIG_2402", "GSOBJ_1024")
_NO_ROUTE: Final = "GS_APIG_1000"
_DATABASE_FAILED: Final = "GSOBJ_1003"
_NOTHING_FOUND: Final = "GSOBJ_1011"
_NOTHING_WORDS: Final = ("no data found", "no entity matches")

Json = Mapping[str, Any]


class Refusal(Problem):
    """
    A refusal that may name records: ``faults`` are sentences by the place of the record in the
    call, as far as Gainsight said which it meant.
    """

    def __init__(
        self, code: str, reason: str, *, faults: Mapping[int, str], answer: Answer
    ) -> None:
        super().__init__(Outcome.REFUSED, code, reason, **_of(answer))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Written:
    """What a write answered: its records, and faults of single ones by their place."""

    records: Sequence[Json]
    faults: Mapping[int, str] = field(default_factory=dict)
    status: int | None = None


def rows(answer: Answer) -> list[Json]:
    """The records of a read. Raises Problem."""
    try:
        body = _body(answer, write=False)
    except Problem as problem:
        if problem.outcome is Outcome.REFUSED and _is_nothing(problem):
            return []
        raise
    data = body.get("data")
    found = data.get("records") if isinstance(data, Mapping) else data
    if found is None and body.get("result") is True:
        return []
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise Problem(
            Outcome.TRANSIENT, "garbled", "Gainsight's answer to a read was no list.", **_of(answer)
        )
    return found


def written(answer: Answer) -> Written:
    """What came of a write. Raises Problem."""
    data = _body(answer, write=True).get("data")
    part = data if isinstance(data, Mapping) else {}
    records = part.get("records")
    return Written(
        [row for row in records if isinstance(row, Mapping)] if isinstance(records, list) else [],
        _faults(part.get("errors")),
        answer.status,
    )


def turned_away(answer: Answer) -> bool:
    """Whether the gateway did not know who calls: with a token it may have ended."""
    if answer.status == 401:
        return True
    try:
        body = answer.json()
    except PayloadUnreadable:
        return False
    return isinstance(body, Mapping) and body.get("errorCode") == _UNAUTHORIZED


def of_token(answer: Answer) -> tuple[str, int | None]:
    """An access token and how many seconds it lasts. Raises Problem."""
    if answer.status == 429:
        raise _throttled(answer)
    if answer.status in (400, 401, 403):
        reason = "Gainsight does not accept the client id or its secret."
        raise Problem(Outcome.AUTH, "credentials_refused", reason, **_of(answer))
    if answer.status == 404 or 300 <= answer.status < 400:
        raise _bare(answer, Outcome.TRANSIENT)
    body = _body_of_token(answer)
    held, lasts = body.get("access_token"), body.get("expires_in")
    if answer.status != 200 or not isinstance(held, str) or not held:
        if body.get("result") is False:
            raise _failed(answer, body, Outcome.TRANSIENT)
        raise Problem(
            Outcome.TRANSIENT, "garbled", "Gainsight's sign-in gave no token.", **_of(answer)
        )
    return held, lasts if type(lasts) is int and lasts > 0 else None


def _body_of_token(answer: Answer) -> Json:
    try:
        body = answer.json()
    except PayloadUnreadable:
        body = None
    return body if isinstance(body, Mapping) else {}


def _body(answer: Answer, *, write: bool) -> Json:
    """The body of an answer that says it succeeded. Raises Problem."""
    unsure = Outcome.IN_DOUBT if write else Outcome.TRANSIENT
    try:
        body = answer.json()
    except PayloadUnreadable:
        body = None
    if not isinstance(body, Mapping):
        raise _bare(answer, unsure)
    if body.get("result") is True and 200 <= answer.status < 300:
        return body
    raise _failed(answer, body, unsure)


def _failed(answer: Answer, body: Json, unsure: Outcome) -> Problem:
    code = body.get("errorCode")
    code = code if isinstance(code, str) else ""
    said = body.get("errorDesc") or body.get("message")
    said = said.strip()[:300] if isinstance(said, str) else ""
    if answer.status == 429 or code in _THROTTLED:
        return _throttled(answer)
    if answer.status in (401, 403) or code in _AUTH:
        reason = f"Gainsight does not accept our sign-in: {said or code or answer.status}."
        return Problem(Outcome.AUTH, "credentials_refused", reason, **_of(answer))
    if code == _NO_ROUTE:
        reason = "Gainsight has nothing at this address: check the domain and the object's name."
        return Problem(Outcome.AUTH, "address_wrong", reason, **_of(answer))
    if answer.status >= 500 or code == _DATABASE_FAILED:
        reason = f"Gainsight failed while it worked on this: {said or answer.status}."
        return Problem(unsure, "failed", reason, **_of(answer))
    if not code and answer.status < 400:
        reason = "Gainsight said that it failed, and not why."
        return Problem(unsure, "failed", reason, **_of(answer))
    part = body.get("data")
    faults = _faults(part.get("errors")) if isinstance(part, Mapping) else {}
    reason = f"Gainsight refused it: {said or code or answer.status}."
    return Refusal(code.lower() or "refused", reason, faults=faults, answer=answer)


def _bare(answer: Answer, unsure: Outcome) -> Problem:
    """An answer that is no JSON object: of a proxy, or of another server."""
    if answer.status == 429:
        return _throttled(answer)
    if answer.status in (401, 403):
        reason = f"Gainsight turned the call away with {answer.status}."
        return Problem(Outcome.AUTH, "credentials_refused", reason, **_of(answer))
    if 300 <= answer.status < 400 or answer.status == 404:
        reason = "The address leads to something that is not Gainsight's API: check the domain."
        return Problem(Outcome.AUTH, "address_wrong", reason, **_of(answer))
    if 400 <= answer.status < 500 and answer.status not in (408, 425):
        reason = f"Gainsight turned the call away with {answer.status}."
        return Problem(Outcome.REFUSED, "refused", reason, **_of(answer))
    if answer.status >= 300:
        reason = f"Gainsight, or a server before it, failed with {answer.status}."
        return Problem(unsure, "failed", reason, **_of(answer))
    return Problem(unsure, "garbled", "Gainsight's answer could not be read.", **_of(answer))


def _throttled(answer: Answer) -> Problem:
    reason = "Gainsight asks us to slow down: its calls for this minute are used up."
    return answers.throttled(answer, reason, otherwise=WINDOW_S)


def _is_nothing(problem: Problem) -> bool:
    said = problem.reason.lower()
    return problem.code == _NOTHING_FOUND.lower() or any(words in said for words in _NOTHING_WORDS)


def _faults(errors: Any) -> dict[int, str]:
    """``errors`` has a place for each record; a record's own list is empty when it is sound."""
    found: dict[int, str] = {}
    for place, item in enumerate(errors if isinstance(errors, list) else []):
        said = list(_sentences(item))
        if said:
            found[place] = "; ".join(dict.fromkeys(said))[:300]
    return found


def _sentences(item: Any) -> list[str]:
    if isinstance(item, list):
        return [said for part in item for said in _sentences(part)]
    if not isinstance(item, Mapping):
        return []
    said = item.get("errorMessage") or item.get("errorDesc")
    name = item.get("fieldName")
    own = [f"{name}: {said}" if isinstance(name, str) and name else said] if said else []
    return [text for text in own if isinstance(text, str)] + _sentences(item.get("errors") or [])


def _of(answer: Answer) -> dict[str, Any]:
    return evidence(answer) | {"retry_after": retry_after(answer)}

"""
What Salesforce's answers mean. Errors are a JSON array of ``{message, errorCode, fields}``, of
sign-ins an object of ``{error, error_description}``; a gateway's are pages.

https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.contract import Outcome, PayloadUnreadable
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.salesforce import wire
from connectors.systems.salesforce.wire import Json
from revops.kernel import backoff
from revops.kernel.clock import now

# No Retry-After comes with these; the limit is one of 24 hours that roll.
LIMIT_WAIT_S: Final = 300
LOCK: Final = "UNABLE_TO_LOCK_ROW"

# (outcome, our word for it, what people are told). All say that nothing was kept.
_KNOWN: Final[Mapping[str, tuple[Outcome, str, str]]] = {
    "INVALID_SESSION_ID": (Outcome.AUTH, "session", "Salesforce does not accept the session"),
    "API_DISABLED_FOR_ORG": (Outcome.AUTH, "forbidden", "The API is not enabled in Salesforce"),
    "API_CURRENTLY_DISABLED": (Outcome.AUTH, "forbidden", "The API is switched off in Salesforce"),
    "FORBIDDEN": (Outcome.AUTH, "forbidden", "The console's user may not do this in Salesforce"),
    "REQUEST_LIMIT_EXCEEDED": (
        Outcome.THROTTLED, "limit", "Salesforce's API calls of the last 24 hours are used up"
    ),
    "TOO_MANY_APEX_REQUESTS": (Outcome.THROTTLED, "limit", "Salesforce is too busy"),
    LOCK: (Outcome.TRANSIENT, "locked", "Somebody else was writing the same record"),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": (
        Outcome.TRANSIENT, "rolled_back", "Another record of the call was refused"
    ),
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": (
        Outcome.TRANSIENT, "maintenance", "Salesforce is under maintenance"
    ),
    "NOT_FOUND": (Outcome.REFUSED, "record_missing", "Salesforce has no such record"),
    "ENTITY_IS_DELETED": (Outcome.REFUSED, "record_missing", "The record was deleted"),
    "INVALID_CROSS_REFERENCE_KEY": (
        Outcome.REFUSED, "record_missing", "A record that it refers to is not there"
    ),
    "MALFORMED_ID": (Outcome.REFUSED, "record_missing", "The id is none of Salesforce's"),
    "INSUFFICIENT_ACCESS_OR_READONLY": (
        Outcome.REFUSED, "forbidden", "The console's user may not change this record"
    ),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (
        Outcome.REFUSED, "forbidden", "The console's user may not use a record that it refers to"
    ),
    "ENTITY_IS_LOCKED": (
        Outcome.REFUSED, "approval", "The record is locked while it is being approved"
    ),
    "INVALID_FIELD": (Outcome.REFUSED, "field_missing", "A field is missing or not readable"),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        Outcome.REFUSED, "field_missing", "A field is missing or may not be written"
    ),
    "INVALID_TYPE": (Outcome.REFUSED, "object_missing", "An object is missing or not readable"),
    "DUPLICATE_VALUE": (Outcome.REFUSED, "duplicate_value", "Another record has this value"),
    "DUPLICATE_EXTERNAL_ID": (
        Outcome.REFUSED, "duplicate_external_id", "Several records have this external id"
    ),
    "DUPLICATES_DETECTED": (
        Outcome.REFUSED, "duplicate_rule", "A duplicate rule of Salesforce stopped it"
    ),
    "REQUIRED_FIELD_MISSING": (Outcome.REFUSED, "field_required", "A required field is empty"),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (
        Outcome.REFUSED, "validation_rule", "A validation rule of Salesforce stopped it"
    ),
    "STRING_TOO_LONG": (Outcome.REFUSED, "too_long", "A text is longer than its field"),
    "NUMBER_OUTSIDE_VALID_RANGE": (Outcome.REFUSED, "too_large", "A number is out of range"),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (
        Outcome.REFUSED, "picklist", "A value is not in its picklist"
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (
        Outcome.REFUSED, "automation", "A trigger or flow of Salesforce stopped it"
    ),
    "STORAGE_LIMIT_EXCEEDED": (Outcome.REFUSED, "storage", "Salesforce's storage is full"),
}  # fmt: skip


def of(answer: Answer, *, write: bool) -> Any:
    """The value of a data call's answer, None for 204. Raises Problem."""
    if answer.status == 204:
        return None
    if answer.status in (200, 201):
        return _json(answer, write=write)
    if answer.status == 300:
        reason = "Salesforce holds several records under this external id; none was changed."
        raise Problem(Outcome.REFUSED, "duplicate_external_id", reason, **_evidence(answer))
    if answer.status == 429:
        raise Problem(
            Outcome.THROTTLED, "limit", "Salesforce asks us to slow down.",
            retry_after=_wait(answer) or LIMIT_WAIT_S, **_evidence(answer),
        )  # fmt: skip
    told = _first(answer)
    if told is not None:
        found = of_error(told, write=write)
        found.status, found.excerpt = answer.status, answer.excerpt()
        if found.outcome is Outcome.THROTTLED:
            found.retry_after = _wait(answer) or LIMIT_WAIT_S
        if found.code != "unknown" or 400 <= answer.status < 500:
            raise found
    raise _page(answer, write=write)


def of_error(error: Json, *, write: bool) -> Problem:
    """
    One error of a call or of a record in it; records call the code ``statusCode``.

    A trigger that met a locked row is told as the trigger's failure; its text says what it was.
    """
    code = wire.text(error.get("errorCode") or error.get("statusCode"), 80)
    said = wire.text(error.get("message"), 300)
    if code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" and LOCK in said:
        code = LOCK
    if code in ("SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG"):
        outcome = Outcome.IN_DOUBT if write else Outcome.TRANSIENT
        return Problem(outcome, "unavailable", f"Salesforce could not finish this: {said}")
    if code not in _KNOWN:
        return Problem(Outcome.REFUSED, "unknown", f"Salesforce refused it: {said or code}")
    outcome, ours, words = _KNOWN[code]
    named = error.get("fields")
    fields = ", ".join(str(item)[:80] for item in named[:5]) if isinstance(named, list) else ""
    shown = f"{words} ({fields})" if fields else words
    return Problem(outcome, ours, f"{shown}: {said}" if said else f"{shown}.")


def of_token(answer: Answer) -> str:
    """The access token of a sign-in's answer. Raises Problem, AUTH when it was refused."""
    if answer.status == 200:
        found = wire.part(_json(answer, write=False)).get("access_token")
        if isinstance(found, str) and 0 < len(found) < 8192 and found.isprintable():
            return found
        raise Problem(Outcome.TRANSIENT, "garbled", "Salesforce's sign-in answered no token.")
    if answer.status in (400, 401, 403):
        try:
            told = wire.part(answer.json())
        except PayloadUnreadable:
            told = {}
        error = wire.text(told.get("error"), 80)
        said = wire.text(told.get("error_description"), 200)
        reason = f"Salesforce refused the sign-in: {said or error or answer.status}."
        # The answer's body is not kept: what a sign-in says is nobody's evidence.
        raise Problem(Outcome.AUTH, "sign_in", reason, status=answer.status)
    raise _page(answer, write=False)


def usage(answer: Answer) -> tuple[int, int] | None:
    """(used, allowed) calls of 24 hours, as ``Sforce-Limit-Info: api-usage=18/5000`` has it."""
    for item in answer.headers.get("sforce-limit-info", "").split(","):
        name, _, value = item.strip().partition("=")
        used, _, allowed = value.partition("/")
        # “per-app-api-usage=17/250(appName=…)” may stand beside it.
        if name == "api-usage" and used.isdigit() and allowed.isdigit() and int(allowed):
            return int(used), int(allowed)
    return None


def _first(answer: Answer) -> Json | None:
    try:
        told = answer.json()
    except PayloadUnreadable:
        return None
    if isinstance(told, list) and told and isinstance(told[0], dict) and "errorCode" in told[0]:
        return told[0]
    return None


def _page(answer: Answer, *, write: bool) -> Problem:
    evidence = _evidence(answer)
    status = answer.status
    if status in (401, 403):
        return Problem(
            Outcome.AUTH, "forbidden", "The console's user may not do this in Salesforce.",
            **evidence,
        )  # fmt: skip
    if 300 <= status < 400:
        reason = "Salesforce's address leads elsewhere: check My Domain."
        return Problem(Outcome.TRANSIENT, "redirected", reason, **evidence)
    if 400 <= status < 500 and status not in (408, 425):
        return Problem(Outcome.REFUSED, "refused", f"Salesforce refused it ({status}).", **evidence)
    outcome = Outcome.IN_DOUBT if write else Outcome.TRANSIENT
    reason = f"Salesforce, or a server before it, failed with {status}."
    return Problem(outcome, "failed", reason, retry_after=_wait(answer), **evidence)


def _json(answer: Answer, *, write: bool) -> Any:
    try:
        return answer.json()
    except PayloadUnreadable as error:
        outcome = Outcome.IN_DOUBT if write else Outcome.TRANSIENT
        reason = "Salesforce's answer could not be read."
        raise Problem(outcome, "garbled", reason, **_evidence(answer)) from error


def _wait(answer: Answer) -> int | None:
    return backoff.retry_after(answer.headers.get("retry-after"), at=now())


def _evidence(answer: Answer) -> dict[str, Any]:
    return {"status": answer.status, "excerpt": answer.excerpt()}

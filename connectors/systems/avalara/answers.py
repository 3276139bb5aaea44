"""
What AvaTax's answers mean (https://developer.avalara.com/avatax/errors/), and the calls that get
them. An error is ``{"error": {"code", "message", "details": [{"code", "number", "message", …}]}}``.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from connectors.answers import mapping
from connectors.caller import encode, pairs
from connectors.contract import Outcome, PayloadUnreadable, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.systems.avalara import wire
from connectors.systems.avalara.wire import Json
from revops.kernel import backoff
from revops.kernel.clock import now

API: Final = "/api/v2"
_SYSTEM: Final = "AvaTax"
# The document cannot be created any more, because it is committed or was cancelled.
CLOSED: Final = "document_closed"
LOCKED: Final = "locked"

Query = Sequence[tuple[str, Any]]

_ABSENT: Final = ("EntityNotFoundError", "TransactionNotFound", "DocumentNotFound")
_AUTH: Final = (
    "AuthenticationException",
    "AuthenticationIncomplete",
    "AuthorizationException",
    "PermissionRequired",
)
_BUSY: Final = ("RequestLimitExceeded", "TooManyRequests")
_CLOSED: Final = ("TransactionIsCommitted", "TransactionAlreadyExists", "DocStatusError")
_LOCKED: Final = ("CannotModifyLockedTransaction", "TransactionIsLocked")
_THROTTLED_S: Final = 10


class AvaTax:
    """One account. Every method raises Problem."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        login = (
            f"{settings.parameters.get('account') or ''}:{settings.secrets.get('license_key', '')}"
        )
        self._headers = {
            "Authorization": f"Basic {base64.b64encode(login.encode()).decode()}",
            "X-Avalara-Client": "RevOps Console; 1; REST; v2; console",
        }
        self.companies = pairs(settings.parameters.get("companies"))

    def company(self, legal_entity: str) -> str:
        """The code of an entity's company. Raises Problem for an entity that uses no engine."""
        found = self.companies.get(legal_entity)
        if found is None:
            reason = f"The connection names no company of AvaTax for {legal_entity}."
            raise Problem(Outcome.REFUSED, "no_company", reason)
        return found

    async def get(self, path: str, query: Query = ()) -> Json:
        found = await self.maybe(path, query)
        if found is None:
            raise Problem(Outcome.REFUSED, "not_found", f"AvaTax has nothing at {path}.")
        return found

    async def maybe(self, path: str, query: Query = ()) -> Json | None:
        """None for what is not there."""
        with carried(write=False):
            answer = await self._client.call("GET", API + path, params=query, headers=self._headers)
        if answer.status == 404 and set(codes(answer)) & set(_ABSENT):
            return None
        if answer.status != 200:
            raise _problem(answer, write=False)
        return mapping(answer, _SYSTEM, write=False)

    async def post(self, path: str, body: Json, query: Query = ()) -> Json:
        with carried(write=True):
            answer = await self._client.call(
                "POST",
                API + path,
                params=query,
                content=encode(body).encode(),
                headers={**self._headers, "Content-Type": "application/json"},
            )
        if answer.status not in (200, 201):
            raise _problem(answer, write=True)
        return mapping(answer, _SYSTEM, write=True)


def at(company: str, code: str = "", rest: str = "") -> str:
    """The path of a company's transactions, or of one."""
    path = f"/companies/{_quoted(company)}/transactions"
    return f"{path}/{_quoted(code)}{rest}" if code else path


def _quoted(code: str) -> str:
    """Some characters are written in a way of AvaTax's own, the rest as in any address."""
    for plain, said in (("%", "25"), ("/", "2f"), ("+", "2b"), ("?", "3f"), ("#", "23")):
        code = code.replace(plain, f"_-ava{said}-_")
    return quote(code, safe="-_.~")


def _said(answer: Answer) -> tuple[Json, Sequence[Json]]:
    """The error and its details; empty where there is none that can be read."""
    try:
        error = wire.part(wire.part(answer.json()).get("error"))
        return error, list(wire.items(error.get("details")))
    except PayloadUnreadable:
        return {}, ()


def codes(answer: Answer) -> list[str]:
    """The error's code and those of its details."""
    error, details = _said(answer)
    return [code for one in (error, *details) if (code := wire.text(one.get("code"), 80))]


def _problem(answer: Answer, *, write: bool) -> Problem:
    error, details = _said(answer)
    status, found = answer.status, codes(answer)
    words = [wire.text(error.get("message"), 300)]
    words += [
        wire.text(one.get(name), 300) for one in details for name in ("message", "description")
    ]
    said = " ".join(dict.fromkeys(word for word in words if word))[:500]
    reason = f"AvaTax answered {status}: {said}" if said else f"AvaTax answered {status}."
    outcome, code = _meaning(status, found, details, write=write)
    wait = backoff.retry_after(answer.headers.get("retry-after"), at=now())
    if outcome is Outcome.THROTTLED:
        wait = wait or _THROTTLED_S
    return Problem(
        outcome,
        code or (found[0] if found else "refused"),
        reason,
        status=status,
        excerpt=answer.excerpt(),
        retry_after=wait,
    )


def _meaning(
    status: int, found: Sequence[str], details: Sequence[Json], *, write: bool
) -> tuple[Outcome, str]:
    if status in (401, 403) or set(found) & set(_AUTH):
        return Outcome.AUTH, "credentials_refused"
    if status == 429 or set(found) & set(_BUSY):
        return Outcome.THROTTLED, "rate_limit"
    if set(found) & set(_LOCKED):
        return Outcome.REFUSED, LOCKED
    # Error 300 is many things; of the document's status it says so in its words.
    if set(found) & set(_CLOSED) or any("DocStatus" in str(one.get("message")) for one in details):
        return Outcome.REFUSED, CLOSED
    if status in (408, 409, 425, 503) or 300 <= status < 400:
        return Outcome.TRANSIENT, "not_taken"
    if 400 <= status < 500:
        return Outcome.REFUSED, ""
    return (Outcome.IN_DOUBT, "failed") if write else (Outcome.TRANSIENT, "failed")

"""
What Chargebee's answers mean (https://apidocs.chargebee.com/docs/api/error-handling), and the calls
that get them. An error is an object with ``api_error_code``, and mostly has the status 400.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

from connectors.answers import mapping
from connectors.contract import Outcome, PayloadUnreadable, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.systems.chargebee import wire
from connectors.systems.chargebee.wire import Json
from revops.kernel import backoff
from revops.kernel.clock import now

API: Final = "/api/v2"
_SYSTEM: Final = "Chargebee"
IDEMPOTENCY_KEY: Final = "chargebee-idempotency-key"
REPLAYED: Final = "chargebee-idempotency-replayed"

Form = Sequence[tuple[str, Any]]

_AUTH: Final = (
    "api_authentication_failed",
    "api_authentication_invalid_key",
    "api_authorization_failed",
)
_BUSY: Final = ("api_request_limit_exceeded", "third_party_api_request_limit_exceeded")
_LATER: Final = ("lock_timeout", "request_blocked", "site_not_ready", "site_read_only_mode")
# Both say that a call under this key is known: with other content, or not over yet.
_MISMATCH: Final = "unable_to_process_request"
_IN_PROGRESS: Final = "api_request_in_progress"
# Chargebee says how long with a limit of calls; where it does not, the limit is a minute's.
_THROTTLED_S: Final = 60


class Chargebee:
    """One site. Every method raises Problem."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        key = settings.secrets.get("api_key", "")
        self._headers = {"Authorization": basic(f"{key}:"), "Accept": "application/json"}

    async def get(self, path: str, query: Form = ()) -> Json:
        found = await self.maybe(path, query)
        if found is None:
            raise Problem(Outcome.REFUSED, "not_found", f"Chargebee has nothing at {path}.")
        return found

    async def maybe(self, path: str, query: Form = ()) -> Json | None:
        """None for what is not there."""
        with carried(write=False):
            answer = await self._client.call("GET", API + path, params=query, headers=self._headers)
        if answer.status == 404 and code_of(answer) == "resource_not_found":
            return None
        if answer.status != 200:
            raise _problem(answer, write=False)
        return mapping(answer, _SYSTEM, write=False)

    async def post(self, path: str, form: Form, *, key: str) -> tuple[Json, bool]:
        """What was made, and whether Chargebee only repeats its first answer under our key."""
        headers = {**self._headers, IDEMPOTENCY_KEY: key}
        with carried(write=True):
            answer = await self._client.call("POST", API + path, form=form, headers=headers)
        if answer.status != 200:
            raise _problem(answer, write=True)
        replayed = answer.headers.get(REPLAYED, "").lower() == "true"
        return mapping(answer, _SYSTEM, write=True), replayed


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


def _error(answer: Answer) -> Json:
    try:
        return wire.part(answer.json())
    except PayloadUnreadable:
        return {}


def code_of(answer: Answer) -> str:
    return wire.text(_error(answer).get("api_error_code"), 80)


def _problem(answer: Answer, *, write: bool) -> Problem:
    error = _error(answer)
    code, status = code_of(answer), answer.status
    said = wire.text(error.get("message"), 500)
    reason = f"Chargebee answered {status}: {said}" if said else f"Chargebee answered {status}."
    wait = backoff.retry_after(answer.headers.get("retry-after"), at=now())
    outcome = _outcome(status, code, write=write)
    if outcome is Outcome.THROTTLED:
        wait = wait or _THROTTLED_S
    if code == _MISMATCH and write:
        code, reason = "conflict", "Chargebee holds another request under this key."
    return Problem(
        outcome,
        code or ("failed" if status >= 500 else "refused"),
        reason,
        status=status,
        excerpt=answer.excerpt(),
        retry_after=wait,
    )


def _outcome(status: int, code: str, *, write: bool) -> Outcome:
    if status in (401, 403) or code in _AUTH:
        return Outcome.AUTH
    if status == 429 or code in _BUSY:
        return Outcome.THROTTLED
    if code == _IN_PROGRESS:
        return Outcome.IN_DOUBT if write else Outcome.TRANSIENT
    if status == 409 or code in _LATER or status in (408, 425) or 300 <= status < 400:
        return Outcome.TRANSIENT
    if 400 <= status < 500:
        return Outcome.REFUSED
    if status == 503:
        # Turned away before any work, as Chargebee's page on errors says of it.
        return Outcome.TRANSIENT
    return Outcome.IN_DOUBT if write else Outcome.TRANSIENT

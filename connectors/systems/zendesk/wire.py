"""
The calls of Zendesk's ticketing API that this connector makes, and its sign-in: by the client of an
OAuth application (https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/),
or with an API token of old, of which Zendesk makes none any more and ends all on 30 April 2027
(https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import signing_in
from connectors.contract import Outcome, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.signing_in import Pass
from connectors.systems.zendesk import answers
from connectors.systems.zendesk.answers import Json

PAGE: Final = 100
_MOST_PAGES: Final = 20
_WITH_METRICS: Final = {"include": "metric_sets"}
# A connection's parameter “sign_in”.
API_TOKEN: Final = "api_token"  # noqa: S105 - the name of a way to sign in, no secret
_SCOPE: Final = "read write"


class Zendesk:
    """One account. Every method raises ``Problem`` and nothing else."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    async def me(self) -> Json:
        return _object(await self._get("/api/v2/users/me.json"), "user")

    async def field(self, number: int) -> Json | None:
        """A ticket field; None when there is none of that number."""
        return await self._maybe(f"/api/v2/ticket_fields/{number}.json", "ticket_field")

    async def ticket(self, number: int) -> Json | None:
        """With its ``metric_set``; None when it is gone."""
        try:
            page = await self._get(f"/api/v2/tickets/{number}.json", _WITH_METRICS)
        except Problem as problem:
            if problem.code == "not_there":
                return None
            raise
        (row,) = _measured([_object(page, "ticket")], page)
        return row

    async def tickets(self, numbers: Sequence[int]) -> dict[int, Json]:
        """Up to 100, those that are there, by their number; with their ``metric_set``."""
        return await self._many("/api/v2/tickets/show_many.json", numbers, "tickets", _WITH_METRICS)

    async def organizations(self, numbers: Sequence[int]) -> dict[int, Json]:
        """Up to 100, those that are there, by their number."""
        return await self._many("/api/v2/organizations/show_many.json", numbers, "organizations")

    async def audits(self, number: int) -> list[Json]:
        """All of a ticket's audits, page by page, the oldest first."""
        found: list[Json] = []
        params: dict[str, Any] = {"page[size]": PAGE}
        for _ in range(_MOST_PAGES):
            page = await self._get(f"/api/v2/tickets/{number}/audits.json", params)
            found += _rows(page, "audits")
            meta = page.get("meta")
            if not isinstance(meta, dict) or not meta.get("has_more"):
                break
            params = {"page[size]": PAGE, "page[after]": str(meta.get("after_cursor") or "")}
        return found

    async def search(self, query: str) -> list[Json]:
        return _rows(await self._get("/api/v2/search.json", {"query": query}), "results")

    async def changed(self, *, cursor: str, since: int) -> tuple[list[Json], str, bool]:
        """
        A page of the incremental export: tickets with their ``metric_set``, the next cursor,
        whether there is more.
        """
        params: dict[str, Any] = {"cursor": cursor} if cursor else {"start_time": since}
        page = await self._get(
            "/api/v2/incremental/tickets/cursor.json", params | {"per_page": PAGE} | _WITH_METRICS
        )
        after = page.get("after_cursor")
        at = after if isinstance(after, str) and after else cursor
        rows = _measured(_rows(page, "tickets"), page)
        return rows, at, page.get("end_of_stream") is not True

    async def metrics(self, *, since: int) -> tuple[list[Json], int, bool]:
        """A page of SLA events: they, where the next one starts (seconds), if there is more."""
        page = await self._get(
            "/api/v2/incremental/ticket_metric_events.json", {"start_time": since}
        )
        rows = _rows(page, "ticket_metric_events")
        end = page.get("end_time")
        more = page.get("end_of_stream") is False
        return rows, end if type(end) is int else since, more

    async def change(self, number: int, ticket: Json) -> Json:
        """The whole answer: the ticket as it is now, and the audit of the change."""
        path = f"/api/v2/tickets/{number}.json"
        return await self._call("PUT", path, write=True, json={"ticket": ticket})

    async def _maybe(self, path: str, name: str) -> Json | None:
        try:
            return _object(await self._get(path), name)
        except Problem as problem:
            if problem.code == "not_there":
                return None
            raise

    async def _many(
        self, path: str, numbers: Sequence[int], name: str, more: Json | None = None
    ) -> dict[int, Json]:
        if not numbers:
            return {}
        ids = ",".join(str(one) for one in sorted(set(numbers))[:PAGE])
        page = await self._get(path, {"ids": ids, **(more or {})})
        rows = _measured(_rows(page, name), page)
        return {row["id"]: row for row in rows if type(row.get("id")) is int}

    async def _get(self, path: str, params: Json | None = None) -> Json:
        return await self._call("GET", path, write=False, params=params)

    async def _call(self, method: str, path: str, *, write: bool, **sent: Any) -> Json:
        """Signs in when there is no token, and once more when it is refused."""
        if self._settings.parameters.get("sign_in") == API_TOKEN:
            return await self._once(method, path, self._basic(), write=write, **sent)
        token = await self._token()
        try:
            return await self._once(method, path, f"Bearer {token}", write=write, **sent)
        except Problem as problem:
            if problem.status != 401:
                raise
        token = await self._token(instead_of=token)
        return await self._once(method, path, f"Bearer {token}", write=write, **sent)

    async def _once(
        self, method: str, path: str, authorization: str, *, write: bool, **sent: Any
    ) -> Json:
        headers = {"authorization": authorization, "accept": "application/json"}
        with carried(write=write):
            answer: Answer = await self._client.call(method, path, headers=headers, **sent)
        return answers.body(answer, write=write)

    def _basic(self) -> str:
        who = f"{self._settings.parameters.get('email') or ''}/token"
        proof = f"{who}:{self._settings.secrets.get('api_token', '')}"
        return f"Basic {base64.b64encode(proof.encode()).decode()}"

    async def _token(self, *, instead_of: str = "") -> str:
        return await signing_in.token(
            self._client, self._settings, fetch=self._sign_in, instead_of=instead_of
        )

    async def _sign_in(self) -> Pass:
        secrets = self._settings.secrets
        asked = {
            "grant_type": "client_credentials",
            "client_id": secrets.get("client_id", ""),
            "client_secret": secrets.get("client_secret", ""),
            "scope": _SCOPE,
        }
        with carried(write=False):
            answer = await self._client.call("POST", "/oauth/tokens", json=asked)
        return answers.of_token(answer)


def _measured(rows: Sequence[Json], page: Json) -> list[Json]:
    """Tickets, each with what the answer holds of its metrics beside it."""
    held = page.get("metric_sets")
    found = {
        one.get("ticket_id"): one
        for one in (held if isinstance(held, list) else ())
        if isinstance(one, Mapping)
    }
    return [{**row, "metric_set": found.get(row.get("id"))} for row in rows]


def _object(page: Json, name: str) -> Json:
    found = page.get(name)
    if not isinstance(found, dict):
        raise Problem(Outcome.TRANSIENT, "garbled", f"Zendesk's answer holds no {name}.")
    return found


def _rows(page: Json, name: str) -> list[Json]:
    found = page.get(name)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Problem(Outcome.TRANSIENT, "garbled", f"Zendesk's answer holds no {name}.")
    return found

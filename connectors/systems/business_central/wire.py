"""
Business Central's wire forms and the one way in which this connector calls it.

API v2.0 speaks OData 4 in JSON below ``/v2.0/<tenant>/<environment>/api/v2.0``. Bearer tokens come
from Microsoft Entra by client credentials, from an address of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from connectors import caller, entra, signing_in
from connectors.caller import Caller, encode
from connectors.contract import Outcome, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.signing_in import Pass
from connectors.systems.business_central import answers

SCOPE: Final = "https://api.businesscentral.dynamics.com/.default"
SYSTEM: Final = "Business Central"
LANGUAGE: Final = "en-US"
# A page of Business Central may have 20,000 rows, which is more than our client reads.
PAGE: Final = 1000
# One filter names so many values, so that the address stays below what gateways take.
AT_ONCE: Final = 20
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)

Row = dict[str, Any]


def is_guid(value: object) -> bool:
    return isinstance(value, str) and _GUID.fullmatch(value) is not None


def minor(value: Any, digits: int) -> int:
    """Minor units of a number. Raises Problem when it is none, or finer than a minor unit."""
    found = None if isinstance(value, str) else caller.minor(value, digits)
    if found is None:
        raise unclear("an amount")
    return found


def text(row: Mapping[str, Any], name: str) -> str:
    """Raises Problem when the field is missing or no text."""
    value = row.get(name)
    if not isinstance(value, str):
        raise unclear(name)
    return value


def unclear(name: str) -> Problem:
    return Problem(
        Outcome.TRANSIENT, "drifted", f"Business Central's answer has “{name}” in an unknown form."
    )


class Central(Caller):
    """One connection's environment."""

    def __init__(self, client: Client, settings: Settings) -> None:
        super().__init__(client, settings)
        tenant = quote(self.said("tenant"), safe="")
        environment = quote(self.said("environment") or "production", safe="")
        self.root = f"/v2.0/{tenant}/{environment}/api/v2.0"

    async def rows(self, path: str, **options: str) -> list[Row]:
        """All rows of a collection, however many pages that takes."""
        found, onward = await self.page(path, **options)
        while onward:
            more, onward = await self.page(onward)
            found += more
        return found

    async def page(self, path: str, **options: str) -> tuple[list[Row], str]:
        """
        One page and the path of the next one, “” at the end. ``options``: filter, orderby, top,
        expand, select, without their dollar.
        """
        asked = "&".join(f"${name}={quote(value, safe='')}" for name, value in options.items())
        said = await self.call("GET", f"{path}?{asked}" if asked else path)
        listed = said.get("value") if isinstance(said, Mapping) else None
        if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
            raise Problem(Outcome.TRANSIENT, "garbled", "Business Central listed no records.")
        onward = said.get("@odata.nextLink")
        if onward and not listed:
            raise Problem(Outcome.TRANSIENT, "garbled", "Business Central lists nothing, for ever.")
        return listed, self._onward(onward) if onward else ""

    async def one(self, path: str) -> Row | None:
        """None when it does not exist."""
        try:
            found = await self.call("GET", path)
        except Problem as problem:
            if problem.code == "not_found":
                return None
            raise
        return found if isinstance(found, dict) else None

    async def create(self, path: str, values: Mapping[str, Any]) -> Row:
        made = await self.call("POST", path, values)
        if not isinstance(made, dict) or not is_guid(made.get("id")):
            raise Problem(
                Outcome.IN_DOUBT, "garbled", "Business Central did not name its new record."
            )
        return made

    async def call(self, method: str, path: str, body: Any = None, *, match: str = "") -> Any:
        """``path`` below the API's root. Signs in again, once, when the token is refused."""
        token = await self._token()
        try:
            return await self._once(method, path, body, match, token)
        except Problem as problem:
            if problem.code != "session":
                raise
        return await self._once(method, path, body, match, await self._token(instead_of=token))

    async def _once(self, method: str, path: str, body: Any, match: str, token: str) -> Any:
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/json",
            "accept-language": LANGUAGE,
            "prefer": f"odata.maxpagesize={PAGE}",
        }
        content = None
        if body is not None:
            content = encode(body).encode()
            headers["content-type"] = "application/json"
        if match:
            headers["if-match"] = match
        answer = await self._carry(method, f"{self.root}/{path}", headers, content)
        return answers.of(answer, write=method != "GET")

    async def _carry(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None
    ) -> Answer:
        with carried(write=method != "GET"):
            return await self._client.call(method, path, headers=headers, content=content)

    def _onward(self, link: Any) -> str:
        """The path below our root that ``@odata.nextLink`` names; any other place is refused."""
        parts = urlsplit(link) if isinstance(link, str) else urlsplit("")
        if not parts.path.startswith(f"{self.root}/"):
            raise Problem(Outcome.TRANSIENT, "garbled", "Business Central lists on to nowhere.")
        path = parts.path.removeprefix(f"{self.root}/")
        return f"{path}?{parts.query}" if parts.query else path

    async def _token(self, *, instead_of: str = "") -> str:
        return await signing_in.token(
            self._client, self.settings, fetch=self._sign_in, instead_of=instead_of
        )

    async def _sign_in(self) -> Pass:
        return await entra.sign_in(self._client, self.settings, scope=SCOPE)

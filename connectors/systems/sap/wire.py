"""
The one way in which this connector calls SAP: OData 2 for what is read and for business partners,
SOAP for journal entries; a communication user by HTTP Basic.

OData wants a token against forged writes: a read with ``x-csrf-token: fetch`` brings it, and the
cookies of the session that it holds for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from connectors import caller
from connectors.caller import Caller
from connectors.contract import Outcome, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.systems.sap import answers, confirming, xml
from revops.kernel.money import AmountInvalid, minor_digits

SYSTEM: Final = "SAP"
ODATA: Final = "/sap/opu/odata/sap"
PAGE: Final = 1000
# One filter names so many values, so that the address stays below what gateways take.
AT_ONCE: Final = 20
_DATE: Final = re.compile(r"/Date\((-?[0-9]+)(?:[+-][0-9]+)?\)/")
_COOKIE: Final = re.compile(r"(?:^|, )([!#$%&'*+.^_`|~0-9A-Za-z-]+=[^;,]*)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


def text(row: Mapping[str, Any], name: str) -> str:
    """Raises Problem when the field is missing or no text."""
    value = row.get(name)
    if not isinstance(value, str):
        raise unclear(name)
    return value


def minor(row: Mapping[str, Any], name: str, places: int) -> int:
    """Minor units of an ``Edm.Decimal``, which OData 2 writes as text. Raises Problem."""
    found = caller.minor(text(row, name), places)
    if found is None:
        raise unclear(name)
    return found


def day(row: Mapping[str, Any], name: str) -> str:
    """The ISO day of an ``Edm.DateTime``, ``/Date(milliseconds)/``. Raises Problem."""
    found = _DATE.fullmatch(text(row, name))
    if found is None:
        raise unclear(name)
    return (_EPOCH + timedelta(milliseconds=int(found[1]))).date().isoformat()


def digits(currency: str) -> int:
    """Raises Problem for a currency that is not known."""
    try:
        return minor_digits(currency)
    except AmountInvalid as error:
        raise unclear(currency) from error


def unclear(name: str) -> Problem:
    return Problem(Outcome.TRANSIENT, "drifted", f"SAP's answer has “{name}” in an unknown form.")


class Sap(Caller):
    """One connection's tenant."""

    def __init__(self, client: Client, settings: Settings) -> None:
        super().__init__(client, settings)
        pair = f"{settings.secrets.get('user', '')}:{settings.secrets.get('password', '')}"
        basic = base64.b64encode(pair.encode()).decode("ascii")
        self._headers = {"authorization": f"Basic {basic}", "accept-language": "en"}

    async def rows(self, path: str, **options: str) -> list[Row]:
        """All rows of a collection, however many pages that takes."""
        found: list[Row] = []
        while True:
            page = await self.page(path, top=PAGE, skip=len(found), **options)
            found += page
            if len(page) < PAGE:
                return found

    async def page(self, path: str, *, top: int, skip: int = 0, **options: str) -> list[Row]:
        """``options``: filter, orderby, select, without their dollar."""
        asked = {"format": "json", "top": str(top), **({"skip": str(skip)} if skip else {})}
        asked |= {name: value for name, value in options.items() if value}
        query = "&".join(f"${name}={quote(value, safe='')}" for name, value in asked.items())
        said = await self._odata("GET", f"{path}?{query}")
        listed = said.get("results") if isinstance(said, Mapping) else None
        if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
            raise Problem(Outcome.TRANSIENT, "garbled", "SAP listed no records.")
        return listed

    async def change(self, method: str, path: str, body: Mapping[str, Any], *, match: str) -> Any:
        """A write by OData, with a token fetched for it; once more with another when refused."""
        for attempt in (1, 2):
            guard = await self._guard(path.partition("(")[0])
            headers = guard | ({"if-match": match} if match else {})
            try:
                return await self._odata(method, path, body, headers)
            except Problem as problem:
                # A token belongs to a session, which a load balancer may have led elsewhere.
                if problem.code != "csrf" or attempt == 2:
                    raise
        raise AssertionError

    async def post(self, content: bytes) -> xml.Element:
        """Journal entries by SOAP."""
        action = f'"{confirming.ACTION}"'
        headers = {"content-type": "text/xml; charset=utf-8", "soapaction": action}
        answer = await self._call("POST", confirming.PATH, headers, content=content)
        return answers.of_soap(answer)

    async def _guard(self, path: str) -> dict[str, str]:
        answer = await self._call(
            "GET", f"{ODATA}/{path}?$top=1&$format=json", {"x-csrf-token": "fetch"}
        )
        answers.of_odata(answer, write=False)
        token = answer.headers.get("x-csrf-token", "")
        if not token:
            raise Problem(Outcome.TRANSIENT, "csrf", "SAP gave no token for writing.")
        cookies = "; ".join(_COOKIE.findall(answer.headers.get("set-cookie", "")))
        return {"x-csrf-token": token, **({"cookie": cookies} if cookies else {})}

    async def _odata(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        sent = {"accept": "application/json", **(headers or {})}
        answer = await self._call(method, f"{ODATA}/{path}", sent, json=body)
        return answers.of_odata(answer, write=method != "GET")

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str], **sent: Any
    ) -> Answer:
        with carried(write=method != "GET"):
            return await self._client.call(
                method, path, headers=self._headers | dict(headers), **sent
            )

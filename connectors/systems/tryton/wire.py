"""
Tryton's wire forms and the one way in which this connector calls it.

Two doors of Tryton 8.2 are used. REST (``/<database>/rest/model/<model>[/<id>][/<action>]``, bearer
key) also runs any RPC method of a model as an action, so that ``create`` takes a list and
``search_read`` a JSON domain of any length. JSON-RPC (``/<database>/rpc/``) is the only door that
posts several moves in one transaction; it takes the login by HTTP Basic, so no session is kept.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from connectors.caller import Caller
from connectors.contract import Outcome, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.systems.tryton import answers

# Tryton words its refusals in the user's language; ``answers`` knows them in English.
LANGUAGE: Final = "en"
SYSTEM: Final = "Tryton"
NOTHING: Final[Mapping[str, Any]] = {}
_DECIMAL: Final = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]+))?", re.ASCII)


def decimal(minor: int, digits: int) -> dict[str, str]:
    """``1299000`` with two digits is ``{"__class__": "Decimal", "decimal": "12990.00"}``."""
    sign, whole = ("-", -minor) if minor < 0 else ("", minor)
    if not digits:
        return {"__class__": "Decimal", "decimal": f"{sign}{whole}"}
    scale = 10**digits
    text = f"{sign}{whole // scale}.{whole % scale:0{digits}d}"
    return {"__class__": "Decimal", "decimal": text}


def minor(value: Any, digits: int) -> int | None:
    """Minor units of a Decimal in wire form; None when it is none or has more digits than that."""
    if not isinstance(value, Mapping) or value.get("__class__") != "Decimal":
        return None
    plain = _DECIMAL.fullmatch(str(value.get("decimal")))
    if plain is None:
        return None
    fraction = plain["fraction"] or ""
    kept, surplus = fraction[:digits].ljust(digits, "0"), fraction[digits:]
    if surplus.strip("0"):
        return None
    return int(plain["sign"] + plain["whole"] + kept)


def date(iso: str) -> dict[str, Any]:
    """``2026-10-31`` is ``{"__class__": "date", "year": 2026, "month": 10, "day": 31}``."""
    year, month, day = iso.split("-")
    return {"__class__": "date", "year": int(year), "month": int(month), "day": int(day)}


def iso(value: Any) -> str:
    """The ISO day of a date in wire form; "" when it is none."""
    if not isinstance(value, Mapping) or value.get("__class__") != "date":
        return ""
    try:
        return f"{value['year']:04d}-{value['month']:02d}-{value['day']:02d}"
    except (KeyError, ValueError, TypeError):
        return ""


def nested(row: Mapping[str, Any], name: str) -> Any:
    """What ``name.…`` was read for: RPC has it under ``"name."``, REST under ``"name"``."""
    return row[f"{name}."] if f"{name}." in row else row[name]


class Tryton(Caller):
    """One connection's database."""

    def __init__(self, client: Client, settings: Settings) -> None:
        super().__init__(client, settings)
        self.database, self.company = self.said("database"), self.said("company")
        self.journal = self.said("journal", "MISC")
        self.revenue_journal = self.said("revenue_journal", "REV")
        self._root = "/" + quote(self.database, safe="")
        key = settings.secrets.get("api_key", "")
        self._rest = {"authorization": f"Bearer {key}", "accept-language": LANGUAGE}
        login = self.said("login")
        password = settings.secrets.get("password", "")
        pair = base64.b64encode(f"{login}:{password}".encode()).decode("ascii")
        self._basic = {"authorization": f"Basic {pair}"} if login and password else {}

    @property
    def posts_in_batches(self) -> bool:
        return bool(self._basic)

    async def search(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        order: Sequence[Sequence[str]] | None = None,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Records by a domain. Dotted fields nest under ``"name."``, as RPC has it."""
        found = await self.action(
            f"{model}/search_read",
            {"domain": domain, "fields_names": fields, "order": order, "limit": limit},
            write=False,
        )
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise Problem(Outcome.TRANSIENT, "garbled", "Tryton's answer to a search was no list.")
        return found

    async def action(self, path: str, data: Any, *, write: bool = True) -> Any:
        """POST to a model: create a record, run a method, or run an action on ``model/id``."""
        return await self._ask("POST", f"{self._root}/rest/model/{path}", data, write=write)

    async def write(self, model: str, record: int, values: Mapping[str, Any]) -> None:
        """Change a record, with what it holds, in one transaction."""
        await self._ask("PUT", f"{self._root}/rest/model/{model}/{record}", values, write=True)

    async def delete(self, model: str, record: str) -> None:
        await self._ask("DELETE", f"{self._root}/rest/model/{model}/{record}", None, write=True)

    async def rpc(
        self, method: str, *params: Any, write: bool = True, context: Mapping[str, Any] = NOTHING
    ) -> Any:
        """A JSON-RPC method of the database, by login and password."""
        asked = {"language": LANGUAGE, **context}
        body = {"id": 1, "method": method, "params": [*params, asked]}
        answer = await self._call("POST", f"{self._root}/rpc/", self._basic, body, write=write)
        return answers.of_rpc(answer, write=write)

    async def version(self) -> str:
        """The series that the server runs, such as ``8.2``; needs no credentials."""
        body = {"id": 1, "method": "common.server.version", "params": []}
        answer = await self._call("POST", "/rpc/", {}, body, write=False)
        return str(answers.of_rpc(answer, write=False))

    async def _ask(self, method: str, path: str, data: Any, *, write: bool) -> Any:
        answer = await self._call(method, path, self._rest, data, write=write)
        return answers.of_rest(answer, write=write)

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str], data: Any, *, write: bool
    ) -> Answer:
        with carried(write=write):
            return await self._client.call(method, path, headers=headers, json=data)

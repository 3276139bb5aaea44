"""
NetSuite's wire forms and the one way in which this connector calls it.

Records are written by SuiteTalk REST (``/services/rest/record/v1``), and read by SuiteQL
(``/services/rest/query/v1/suiteql``), which alone joins a transaction with what it did to accounts.
SuiteQL gives every value as text, ``T`` and ``F`` for flags, and leaves out what is null.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import caller, signing_in
from connectors.caller import Caller, encode, garbled, quoted
from connectors.contract import Outcome, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.systems.netsuite import answers, signing, tba
from revops.kernel.clock import now

Row = Mapping[str, Any]

SYSTEM: Final = "NetSuite"

RECORD: Final = "/services/rest/record/v1"
QUERY: Final = "/services/rest/query/v1/suiteql"
JOB: Final = "/services/rest/async/v1/job"
PAGE: Final = 1000
# An unknown property is dropped with a warning unless this asks for an error.
_STRICT: Final = {
    "x-netsuite-propertynamevalidation": "Error",
    "x-netsuite-propertyvaluevalidation": "Error",
}
_ID: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
EXTERNAL: Final = re.compile(r"[A-Za-z0-9_-]{1,120}", re.ASCII)


def minor(value: Any, digits: int) -> int:
    """Minor units of a number or its text, 0 for none. Raises Problem when it is no such amount."""
    return 0 if value in (None, "") else caller.amount(SYSTEM, value, digits)


def text(row: Row, name: str) -> str:
    """The column, which must be there. Raises Problem with its name."""
    return caller.needed(SYSTEM, row, name)


def flag(row: Row, name: str) -> bool:
    return row.get(name) in ("T", True)


def listed(values: Sequence[str]) -> str:
    """Texts for ``IN (…)``."""
    return ", ".join(map(quoted, values))


def ids(values: Sequence[str]) -> str:
    """Internal ids for ``IN (…)``; what is none is left out."""
    return ", ".join(value for value in values if _ID.fullmatch(value)) or "0"


class NetSuite(Caller):
    """One connection's account."""

    def __init__(self, client: Client, settings: Settings) -> None:
        super().__init__(client, settings)
        told = settings.parameters
        self.subsidiaries = caller.pairs(self.said("subsidiaries").replace(";", ","))
        self.item_prefix = str(told.get("item_prefix") or "RC-")
        self.book = str(told.get("accounting_book") or "1")
        self.key_field = str(told.get("key_field") or "custentity_revops_key").lower()
        self.signs = told.get("sign_in") == "tba"
        self.in_background = told.get("processing") == "in the background"
        if not re.fullmatch(r"custentity[a-z0-9_]{1,60}", self.key_field):
            reason = "The field for our keys is no custom field of customers (custentity…)."
            raise Problem(Outcome.REFUSED, "parameter", reason)
        if not _ID.fullmatch(self.book):
            raise Problem(Outcome.REFUSED, "parameter", "The accounting book is no internal ID.")

    async def rows(self, query: str, *, most: int | None = None) -> list[Row]:
        """All rows of a SuiteQL query, or the first ``most``; order it by something unique."""
        found: list[Row] = []
        limit = min(PAGE, most or PAGE)
        while True:
            params = {"limit": str(limit), "offset": str(len(found))}
            answer = await self._call(
                "POST",
                QUERY,
                {"q": " ".join(query.split())},
                headers={"prefer": "transient"},
                params=params,
                write=False,
            )
            page = answers.of(answer, write=False)
            items = page.get("items") if isinstance(page, Mapping) else None
            if not isinstance(items, list) or not all(isinstance(one, Mapping) for one in items):
                raise garbled(SYSTEM, "answer lists no rows.")
            found += items
            if page.get("hasMore") is not True or not items or (most and len(found) >= most):
                return found

    async def create(self, record: str, body: Row) -> str:
        """The new record's internal id."""
        answer = await self._call("POST", f"{RECORD}/{record}", body, headers=_STRICT)
        return answers.made(answer)

    async def submit(self, record: str, body: Row, *, key: str) -> str:
        """The job that creates a record. Raises ``answers.Submitted`` when there is one."""
        headers = {**_STRICT, "prefer": "respond-async", "x-netsuite-idempotency-key": key}
        return answers.taken(await self._call("POST", f"{RECORD}/{record}", body, headers=headers))

    async def upsert(self, record: str, external_id: str, body: Row) -> None:
        path = f"{RECORD}/{record}/eid:{external_id}"
        answers.of(await self._call("PUT", path, body, headers=_STRICT), write=True)

    async def update(self, record: str, number: str, body: Row) -> None:
        path = f"{RECORD}/{record}/{number}"
        answers.of(await self._call("PATCH", path, body, headers=_STRICT), write=True)

    async def get(self, path: str) -> Answer:
        return await self._call("GET", path, None, write=False)

    async def token(self, *, instead_of: str = "") -> str:
        return await signing_in.token(
            self._client, self.settings, fetch=self._sign_in, instead_of=instead_of
        )

    async def _call(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        write: bool = True,
    ) -> Answer:
        """A refused proof is replaced once; one that is refused when new is a matter of load."""
        content = None if body is None else encode(body).encode()
        proof = ""
        for last in (False, True):
            proof = await self._proof(method, path, params or {}, instead_of=proof)
            sent = {"authorization": proof, "accept": "application/json"}
            sent |= {"content-type": "application/json"} if content is not None else {}
            sent |= headers or {}
            with carried(write=write):
                answer = await self._client.call(
                    method, path, headers=sent, params=params, content=content
                )
            if answer.status != 401:
                break
            refused = answers.problem(answer, write=write)
            if last:
                raise answers.loaded(refused, signed=self.signs)
        return answer

    async def _proof(
        self, method: str, path: str, params: Mapping[str, str], *, instead_of: str
    ) -> str:
        """The value of ``Authorization`` for a call; another one than ``instead_of``."""
        if self.signs:
            nonce = secrets.token_hex(10)
            return tba.header(self.settings, method, path, params, nonce=nonce, at=now())
        return f"Bearer {await self.token(instead_of=instead_of.removeprefix('Bearer '))}"

    async def _sign_in(self) -> signing_in.Pass:
        form = signing.form(self.settings, at=now())
        answer = await self._client.call("POST", signing.PATH, form=form)
        token, lasts_s = answers.signed_in(answer)
        return signing_in.Pass(token, lasts_s)

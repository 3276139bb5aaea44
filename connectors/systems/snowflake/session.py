"""
The one way in which this connector calls Snowflake: a statement with its values, and its result.

``POST /api/v2/statements`` answers with the result, or with 202 and a handle while the statement is
at work; then it is asked about until our patience ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.contract import Outcome, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.systems.snowflake import answers, statements
from connectors.systems.snowflake.signing import Signer
from revops.kernel.clock import now

PATH: Final = "/api/v2/statements"
# Snowflake ends a statement that works for longer. It answers within 45 s at the latest, so most
# statements end before it would go on without us.
PATIENCE_S: Final = 40
_SPACE: Final = uuid.UUID("6f1f3c5e-0c0b-5e0e-8d43-2f9b7c1d4a55")
_FIRST_LOOK_S, _LAST_LOOK_S, _LATER_BY = 0.1, 2.0, 1.6  # seconds, and how much longer each time


@dataclass(frozen=True, slots=True)
class Result:
    """``rows`` are texts and None, in the order of ``columns``."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


class Snowflake:
    """One connection's account. Every method raises ``Problem`` and nothing else."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._signer = Signer(settings)
        given = {name: str(settings.parameters.get(name) or "") for name in _CONTEXT}
        self._context = {name: value for name, value in given.items() if value}

    async def ask(self, statement: str, *values: str | int) -> Result:
        """
        For what only reads, or may be done any number of times: when nothing is known of it, it
        counts as not done.
        """
        return await self._run(statement, values, write=False)

    async def ask_what_is_there(self, statement: str, *values: str | int) -> Result:
        """
        Nothing, while the statement's table is not there. One that is merely not for us to see
        reads the same; its schema tells them apart, for tables that are there are ours.
        """
        try:
            return await self.ask(statement, *values)
        except Problem as problem:
            if problem.code != answers.NO_TABLE:
                raise
            seen = await self.ask(statements.SCHEMA, self._context.get("schema", ""))
            if [*seen.rows] in ([], [("0",)]):
                raise
            return Result((), ())

    async def write(self, statement: str, *values: str | int, key: str) -> Result:
        """
        For what is to be done once for one ``key``. Snowflake does not run it again when the one
        before it with this key succeeded; IN_DOUBT when nobody knows whether it was done.
        """
        request = str(uuid.uuid5(_SPACE, key))
        return await self._run(statement, values, write=True, requestId=request, retry="true")

    async def _run(
        self, statement: str, values: Sequence[str | int], *, write: bool, **asked: str
    ) -> Result:
        body: dict[str, Any] = {
            "statement": statement,
            "timeout": PATIENCE_S,
            "parameters": {"query_tag": "revops-console"},
            **self._context,
        }
        if values:
            body["bindings"] = {
                str(place): {"type": "FIXED" if isinstance(value, int) else "TEXT",
                             "value": str(value)}
                for place, value in enumerate(values, start=1)
            }  # fmt: skip
        with carried(write=write):
            answer = await self._client.call(
                "POST", PATH, params=asked, json=body, headers=self._headers()
            )
        if answer.status == 202:
            answer = await self._ended(answers.handle(answer, write=write), write=write)
        told = answers.result(answer, write=write)
        return await self._whole(told, write=write)

    async def _ended(self, handle: str, *, write: bool) -> Answer:
        """The answer of a statement that was at work. It was taken: no look undoes that."""
        until, pause = time.monotonic() + self._client.timeout_s, _FIRST_LOOK_S
        while time.monotonic() + pause < until:
            await asyncio.sleep(pause)
            pause = min(pause * _LATER_BY, _LAST_LOOK_S)
            with contextlib.suppress(Problem):
                answer = await self._get(handle)
                if answers.settled(answer):
                    return answer
        with contextlib.suppress(Problem), carried(write=False):
            await self._client.until(None).call(
                "POST", f"{PATH}/{handle}/cancel", headers=self._headers()
            )
        reason = f"Snowflake was still at work on it when we stopped waiting, as {handle}."
        raise Problem(Outcome.IN_DOUBT if write else Outcome.TRANSIENT, "working", reason)

    async def _whole(self, told: answers.Json, *, write: bool) -> Result:
        """A result may come in several partitions; the first is in the answer."""
        if write:
            return Result((), ())
        meta = told.get("resultSetMetaData")
        meta = meta if isinstance(meta, dict) else {}
        kinds, parts = meta.get("rowType"), meta.get("partitionInfo", [])
        held = _rows(told.get("data"))
        if held is None or not isinstance(parts, list) or not isinstance(kinds, list):
            raise answers.unclear(write=False)
        for number in range(1, len(parts)):
            answer = await self._get(f"{told['statementHandle']}?partition={number}")
            more = _rows(answers.result(answer, write=False).get("data"))
            if more is None:
                raise answers.unclear(write=False)
            held += more
        names = (kind.get("name") if isinstance(kind, dict) else "" for kind in kinds)
        return Result(tuple(str(one) for one in names), held)

    async def _get(self, place: str) -> Answer:
        with carried(write=False):
            return await self._client.call("GET", f"{PATH}/{place}", headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self._signer.token(now())}",
            "x-snowflake-authorization-token-type": "KEYPAIR_JWT",
            "accept": "application/json",
        }


_CONTEXT: Final = ("database", "schema", "warehouse", "role")


def _rows(told: Any) -> tuple[tuple[str | None, ...], ...] | None:
    """None for what is no list of rows of texts."""
    if not isinstance(told, list):
        return None
    for row in told:
        if not isinstance(row, list) or not all(one is None or isinstance(one, str) for one in row):
            return None
    return tuple(tuple(row) for row in told)

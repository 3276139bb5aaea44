"""The calls of Gainsight NXT's data API that this connector makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from string import ascii_uppercase
from typing import Any, Final
from urllib.parse import quote

from connectors.contract import Settings
from connectors.http import Answer, Client
from connectors.problem import carried
from connectors.systems.gainsight import answers
from connectors.systems.gainsight.answers import Json, Written
from connectors.systems.gainsight.session import Session

MOST_WRITTEN: Final = 50
MOST_READ: Final = 5000


@dataclass(frozen=True, slots=True)
class Where:
    """One condition; several are joined by one word, since no nesting is documented."""

    name: str
    operator: str
    value: Sequence[Any]


def stamp(moment: datetime) -> str:
    """An instant as a filter takes it: to the second, with its zone, which is UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


class Gainsight:
    """One tenant. Every method raises ``Problem`` and nothing else."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._session = Session(client, settings)

    def unhurried(self) -> Gainsight:
        """For a read after a write: not held to the deadline of sending."""
        return Gainsight(self._client.until(None), self._settings)

    async def read(
        self,
        name: str,
        fields: Sequence[str],
        where: Sequence[Where] = (),
        *,
        joined: str = "AND",
        order: tuple[str, str] | None = None,
        limit: int = MOST_READ,
        offset: int = 0,
    ) -> list[Json]:
        """
        Records of an object. ``order`` is one field with ``asc`` or ``desc``: Gainsight takes
        several as an object's members, whose order says nothing in JSON.
        """
        query: dict[str, Any] = {"select": list(fields), "limit": limit, "offset": offset}
        if where:
            aliases = ascii_uppercase[: len(where)]
            query["where"] = {
                "conditions": [
                    {
                        "name": item.name,
                        "alias": alias,
                        "value": list(item.value),
                        "operator": item.operator,
                    }
                    for alias, item in zip(aliases, where, strict=True)
                ],
                "expression": f" {joined} ".join(aliases),
            }
        if order:
            query["orderBy"] = {order[0]: order[1]}
        path = f"/v1/data/objects/query/{quote(name, safe='')}"
        return answers.rows(await self._call("POST", path, query, write=False))

    async def insert(self, name: str, records: Sequence[Json]) -> Written:
        """Up to 50 new records, all or none."""
        path = f"/v1/data/objects/{quote(name, safe='')}"
        answer = await self._call("POST", path, {"records": list(records)}, write=True)
        return answers.written(answer)

    async def update(self, name: str, key: str, records: Sequence[Json]) -> Written:
        """Up to 50 records by a field that they all carry."""
        path = f"/v1/data/objects/{quote(name, safe='')}?keys={quote(key, safe='')}"
        answer = await self._call("PUT", path, {"records": list(records)}, write=True)
        return answers.written(answer)

    async def fields_of(self, name: str) -> set[str]:
        """The names of an object's fields."""
        body = {"objectNames": [name]}
        answer = await self._call("POST", "/v1/meta/services/objects/describe", body, write=False)
        found: set[str] = set()
        for item in answers.rows(answer):
            for part in item.get("fields") or ():
                if isinstance(part, Mapping) and isinstance(part.get("fieldName"), str):
                    found.add(part["fieldName"])
        return found

    async def _call(self, method: str, path: str, body: Any, *, write: bool) -> Answer:
        headers = await self._session.headers()
        answer = await self._once(method, path, body, headers, write=write)
        if self._session.by_token and answers.turned_away(answer):
            # The gateway let nothing of it in, so a write is made once.
            headers = await self._session.headers(instead_of=headers)
            answer = await self._once(method, path, body, headers, write=write)
        return answer

    async def _once(
        self, method: str, path: str, body: Any, headers: Mapping[str, str], *, write: bool
    ) -> Answer:
        with carried(write=write):
            return await self._client.call(method, path, headers=headers, json=body)

"""Search by metadata, as much of Stripe's query language as finance asks in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from connectors.systems.stripe.sandbox.cash import Refused
from connectors.systems.stripe.sandbox.world import Obj

_CLAUSE: Final = re.compile(r"metadata\['((?:[^'\\]|\\.)*)'\]:'((?:[^'\\]|\\.)*)'")
_MOST: Final = 10


def result(name: str, rows: Iterable[Obj], given: dict[str, Any], *, before: int | None) -> Obj:
    """Newest first. What was made after ``before`` is not found yet: search is late."""
    clauses = str(given.get("query", "")).split(" OR ")
    found = [_CLAUSE.fullmatch(clause.strip()) for clause in clauses]
    if not all(found) or len(found) > _MOST:
        raise Refused("We were unable to parse your search query.", code="invalid_search_query")
    wanted = [(_plain(match[1]), _plain(match[2])) for match in found if match]
    held = [
        row
        for row in rows
        if (before is None or row["created"] < before)
        and any(row["metadata"].get(key) == value for key, value in wanted)
    ]
    limit = int(given.get("limit", 10))
    start = int(given.get("page", 0))
    more = start + limit < len(held)
    return {
        "object": "search_result",
        "data": held[::-1][start : start + limit],
        "has_more": more,
        "next_page": str(start + limit) if more else None,
        "url": f"/v1/{name}/search",
    }


def _plain(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted)

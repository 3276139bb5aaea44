"""Moves by our key or by Tryton's id."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import Found
from connectors.systems.tryton import moves
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.wire import Tryton

_AT_ONCE = 100


async def by_keys(tryton: Tryton, library: Library, keys: Sequence[str]) -> dict[str, list[Found]]:
    """
    Posted moves and drafts by key, in the order in which they were made. Raises Problem.

    Prefix patterns, so that the description can go on for people; with the index of README.md
    Tryton's database answers a hundred of them in about ten milliseconds.
    """
    found: dict[str, list[Found]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        wanted = set(keys[start : start + _AT_ONCE])
        patterns = [["description", "like", f"{key}%"] for key in sorted(wanted)]
        rows = await tryton.search(
            "account.move",
            ["OR", *patterns],
            moves.READ,
            order=[["id", "ASC"]],
        )
        for row in rows:
            key = moves.key_of(row)
            if key in wanted:
                found.setdefault(key, []).append(moves.found(row, library))
    return found


async def by_ids(tryton: Tryton, library: Library, ids: Sequence[str]) -> dict[str, Found]:
    """Moves by Tryton's ids; missing ones are absent. Raises Problem."""
    numbers = [int(number) for number in ids if number.isdecimal()]
    rows = await tryton.search("account.move", [["id", "in", numbers]], moves.READ)
    held = [moves.found(row, library) for row in rows]
    return {move.external_id: move for move in held}

"""
What somebody did in the demo's ERP by hand, for reconciliation to find: a fee posted twice, an
amount moved from tax to deferred revenue, and an entry that our books do not have. What billing is
owed by its customers stays as it is, so a rehearsal's count of documents still comes out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx

from revops.sandbox.serve import Stand

_ENTITY: Final = "US-INC"
_TEXT: Final = "Correction by hand"
_TRIES: Final = 60
_SHIFTED: Final = 1_080
_BY_HAND: Final = 5_000


async def tamper(stands: Sequence[Stand]) -> None:
    """Once, as soon as the ERP holds what it takes; it may take the console a minute."""
    erp = next((stand for stand in stands if stand.slug == "tryton"), None)
    if erp is None:
        return
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{erp.port}/_control") as control:
        for _ in range(_TRIES):
            try:
                moves = (await control.get("/moves", timeout=10)).json()
                if any(_by_hand(move) for move in moves):
                    return
                if asked := _asked(moves):
                    for door, value in asked:
                        (await control.post(door, json=value, timeout=10)).raise_for_status()
                    return
            except (httpx.HTTPError, ValueError):
                pass
            await asyncio.sleep(2)


def _asked(moves: Sequence[Mapping[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """What to ask of which door; nothing while not all of it is posted."""
    ours = [move for move in moves if move["state"] == "posted" and move["company"] == _ENTITY]
    fee = next((move for move in ours if {"6100", "1050"} == _accounts(move)), None)
    taxed = next((move for move in ours if {"1100", "2100", "2300"} == _accounts(move)), None)
    if fee is None or taxed is None:
        return []
    shifted = {"move": taxed["id"], "do": "shift", "account": "2100", "against": "2300"}
    lines = [
        {"account": "1100", "amount": _BY_HAND}, {"account": "4000", "amount": -_BY_HAND},
    ]  # fmt: skip
    return [
        ("/tamper", {"move": fee["id"], "do": "double"}),
        ("/tamper", shifted | {"by": _SHIFTED}),
        ("/book", {"entity": _ENTITY, "date": fee["date"], "text": _TEXT, "lines": lines}),
    ]


def _accounts(move: Mapping[str, Any]) -> set[str]:
    return {str(line["account"]) for line in move["lines"]}


def _by_hand(move: Mapping[str, Any]) -> bool:
    """The sandbox takes the first word of a text for a key."""
    return f"{move['key']} {move['text']}".strip() == _TEXT

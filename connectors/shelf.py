"""What a connector has read of a system's set-up, kept for a while. Pure."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

KEPT_S: Final = 600

S = TypeVar("S")
L = TypeVar("L")


class Shelf(Generic[S, L]):
    """
    A library for each connection, read again after ten minutes or when something in it proved
    wrong. ``place`` names the connection by all that decides what is read. What counts are the
    system's own ids: whether a period is open is in the end the system's to say.
    """

    def __init__(self, read: Callable[[S], Awaitable[L]], place: Callable[[S], Hashable]) -> None:
        self._read = read
        self._place = place
        self._kept: dict[Hashable, tuple[float, L]] = {}

    async def get(self, system: S, *, fresh: bool = False) -> L:
        """Raises Problem."""
        place = self._place(system)
        kept = self._kept.get(place)
        if kept is None or fresh or time.monotonic() - kept[0] > KEPT_S:
            library = await self._read(system)
            self._kept[place] = kept = (time.monotonic(), library)
        return kept[1]

    def forget(self, system: S) -> None:
        self._kept.pop(self._place(system), None)

"""What a sandbox holds, kept over a restart in one file."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Final, Protocol

_EVERY_S: Final = 2


def write(path: Path, text: str) -> None:
    """The whole file, or as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


class Kept(Protocol):
    """``changed`` says that something has changed since it was saved."""

    changed: bool

    def save(self, path: Path) -> None: ...

    def load(self, path: Path) -> None: ...


class Keeper:
    """
    Loads what the file holds; from ``begin`` on saves every other second when something changed,
    and at the end whatever there is. Without a path nothing is kept.
    """

    def __init__(self, held: Kept, path: str) -> None:
        self._held = held
        self._path = Path(path) if path else None
        self._saving: asyncio.Task[None] | None = None
        if self._path and self._path.exists():
            held.load(self._path)

    async def begin(self) -> None:
        if self._path:
            self._saving = asyncio.create_task(self._keep_saving(self._path))

    async def aclose(self) -> None:
        if self._path and self._saving:
            self._saving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._saving
            self._held.save(self._path)

    async def _keep_saving(self, path: Path) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            if self._held.changed:
                self._held.save(path)

"""Keeps the sandbox's books over a restart: an append-only file of the writes that succeeded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any


class Store:
    """Without a path nothing is kept. A last line that was cut off by a crash is left out."""

    def __init__(self, path: str | Path | None) -> None:
        self._path = Path(path) if path else None
        self._file: IO[str] | None = None

    def written(self) -> Iterator[list[Any]]:
        if self._path is None or not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    yield json.loads(line)

    def append(self, entry: list[Any]) -> None:
        if self._path is None:
            return
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._drop_cut_off_line()
            self._file = self._path.open("a", encoding="utf-8")
        self._file.write(json.dumps(entry, separators=(",", ":")) + "\n")
        self._file.flush()

    def clear(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _drop_cut_off_line(self) -> None:
        if self._path is None or not self._path.exists():
            return
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            with self._path.open("r+b") as file:
                file.truncate(whole)

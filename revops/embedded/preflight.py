"""What must be true before anything starts; each check says in one line what to do about it."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from revops.embedded.trouble import CannotStart

OLDEST_PYTHON = (3, 11)
# A fresh cluster, its write-ahead log and the demo company, with room to work for a while.
NEEDED_BYTES = 1_000_000_000
_HOST = "127.0.0.1"


def check_python(
    version: tuple[int, int] = (sys.version_info.major, sys.version_info.minor),
) -> None:
    if version < OLDEST_PYTHON:
        raise CannotStart(
            f"Python {version[0]}.{version[1]} is too old: 3.11 or newer is needed. "
            "Name one with: make PYTHON=/path/to/python3 run"
        )


def check_disk(
    folder: Path,
    *,
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> None:
    """The folder exists."""
    free = free_bytes(folder)
    if free < NEEDED_BYTES:
        raise CannotStart(
            f"The disk is nearly full: {free // 1_000_000} MB free in {folder}, "
            f"{NEEDED_BYTES // 1_000_000} MB are needed. Free some, or set REVOPS_HOME elsewhere."
        )


def check_port(port: int, *, variable: str) -> None:
    """Nobody listens there on this machine, and we may."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_HOST, port))
    except PermissionError as error:
        raise CannotStart(
            f"Port {port} is not ours to open: set {variable} to a port above 1023."
        ) from error
    except OSError:
        taken = True
    else:
        # Binding succeeds beside a listener on all addresses of some systems: ask as well.
        with socket.socket() as probe:
            probe.settimeout(1.0)
            taken = probe.connect_ex((_HOST, port)) == 0
    if taken:
        raise CannotStart(
            f"Port {port} is taken by another program: stop that, or set {variable} to a free port."
        )


def port_from(given: Mapping[str, str], variable: str, default: int) -> int:
    text = given.get(variable, "") or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotStart(f"{variable} is {text!r}: it must be a port between 1 and 65535.")
    return int(text)


def check_packages(names: Iterable[str]) -> None:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise CannotStart(
            f"Missing in this Python environment: {', '.join(missing)}. Start with: make run"
        )

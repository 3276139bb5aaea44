"""
Outside systems for the peer tests: each in an environment of its own, found or made in a cache.

The cache is ``$REVOPS_HOME/peers``, else ``~/.cache/revops-console/peers``. Nothing but pip and the
package registry is needed to fill it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from revops.embedded import programs
from revops.embedded.account import server_account
from revops.embedded.home import Home, open_home
from revops.embedded.programs import Program, Running

HERE = Path(__file__).parent


def home(name: str) -> Home:
    """The kept folder of one peer, made when missing."""
    given = os.environ.get("REVOPS_HOME")
    base = Path(given) if given else Path.home() / ".cache" / "revops-console"
    return open_home(base / "peers" / name, server_account())


@contextmanager
def alone(place: Home) -> Iterator[None]:
    """One test run at a time uses a peer; others wait."""
    with place.alone("in-use.lock"):
        yield


def fingerprint(*parts: str | bytes) -> str:
    """Twelve hex digits of content, to tell a kept thing from one that has to be made again."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return digest.hexdigest()[:12]


def environment(place: Home, name: str) -> Path:
    """The ``bin`` folder of a virtual environment with exactly ``requirements-<name>.txt``."""
    wanted = HERE / f"requirements-{name}.txt"
    mark = fingerprint(wanted.read_bytes(), sys.version)
    folder = place.root / f"venv-{mark}"
    if not (folder / "complete").exists():
        for old in place.root.glob("venv-*"):
            shutil.rmtree(old)
        venv.create(folder, with_pip=True)
        python = str(folder / "bin" / "python")
        command = [python, "-m", "pip", "install", "--quiet", "-r", str(wanted)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            raise RuntimeError(f"pip could not install {wanted.name}:\n{made.stderr[-4000:]}")
        (folder / "complete").touch()
    return folder / "bin"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def start(place: Home, name: str, argv: tuple[str, ...], variables: Mapping[str, str]) -> Running:
    """A process with nothing of our environment but the path; its log lies in the peer's folder."""
    keep = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return programs.start(
        Program(
            name=name,
            argv=argv,
            log=place.log(name),
            environment={**keep, "TZ": "UTC", **variables},
            folder=place.root,
            stop_seconds=5.0,
        )
    )


def wait_until(ready: Callable[[], bool], running: Running, *, seconds: float = 60.0) -> None:
    """Returns when ``ready``. RuntimeError with the log's last line when it ends or takes long."""
    end = time.monotonic() + seconds
    while not ready():
        if not running.alive() or time.monotonic() > end:
            log = running.program.log
            raise RuntimeError(
                f"{running.program.name} did not start: {programs.last_line(log)} ({log})"
            )
        time.sleep(0.05)

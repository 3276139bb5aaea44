"""One process: how it starts, whether it lives, how it is stopped with all that it started."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from revops.embedded.account import Account
from revops.embedded.trouble import CannotStart

_LARGEST_LOG = 10_000_000
_PR_SET_PDEATHSIG = 1
# Loaded here, as nothing may be imported between fork and exec.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Program:
    """How to start a process and how to ask it to stop.

    `environment` is the whole environment. `stop_signals` are tried in order with `stop_seconds`
    for each; then its process group is killed. `prepare` runs before every start. With
    `outlives` it stays when the process that started it ends.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    environment: Mapping[str, str]
    folder: Path
    account: Account | None = None
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    stop_seconds: float = 15.0
    prepare: Callable[[], None] | None = None
    outlives: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """A process of a program: ours (`process`), or found alive (then only its id is known)."""

    program: Program
    pid: int
    process: subprocess.Popen[bytes] | None

    def alive(self) -> bool:
        if self.process is not None:
            return self.process.poll() is None
        return pid_is_alive(self.pid)


def pid_is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def start(program: Program) -> Running:
    """Start it in a session of its own, so that a Ctrl-C in the terminal reaches only us."""
    if program.prepare is not None:
        program.prepare()
    with _open_log(program.log) as log:
        try:
            process = subprocess.Popen(
                program.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=program.folder,
                env=dict(program.environment),
                start_new_session=True,
                preexec_fn=None if program.outlives else bound_to_parent(program.stop_signals[0]),
                user=None if program.account is None else program.account.uid,
                group=None if program.account is None else program.account.gid,
                extra_groups=None if program.account is None else [],
            )
        except OSError as error:
            raise CannotStart(
                f"Cannot start {program.name} ({program.argv[0]}): {error.strerror}."
            ) from error
    return Running(program, process.pid, process)


def stop(running: Running, *, hurried: Callable[[], bool] = lambda: False) -> None:
    """End it and whatever is left in its process group; returns when it is gone."""
    for number in running.program.stop_signals:
        if not running.alive() or hurried():
            break
        _signal(running.pid, number)
        _wait_until_gone(running, running.program.stop_seconds, hurried)
    kill_group(running)
    _wait_until_gone(running, 10.0, lambda: False)


def kill_group(running: Running) -> None:
    """Kill the process and what it left behind in its group (children of a killed parent)."""
    try:
        os.killpg(running.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def last_line(log: Path) -> str:
    """The last line of a log that says something, for a one-line report."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def bare_environment(folder: Path) -> dict[str, str]:
    """For servers: none of our variables, as PGDATA or PGPORT would change what they do."""
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _open_log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_until_gone(running: Running, seconds: float, hurried: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while running.alive() and time.monotonic() < end and not hurried():
        time.sleep(0.02)


def bound_to_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What the child does before exec: ask Linux to signal it when we die, however we die."""
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def bind() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os._exit(1)

    return bind


def die_with_parent() -> None:
    """For a process that a program of ours starts: Linux kills it when that one dies."""
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() == 1:  # it died before
        os._exit(1)


def _is_zombie(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state == b"Z"

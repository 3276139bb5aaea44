"""A PostgreSQL server of our own over binaries that are found, reached by a unix socket only.

The role `revops` owns the database `revops` and is the superuser of this cluster: tests create
databases, migrations create extensions. Passwords are scram even on the socket, which lies in a
folder that only the servers' account may enter.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from revops.embedded.home import Home
from revops.embedded.pgbinaries import PgBinaries, initialise
from revops.embedded.programs import (
    Program,
    Running,
    bare_environment,
    last_line,
    pid_is_alive,
)
from revops.embedded.trouble import CannotStart

ROLE = DATABASE = "revops"
# Crash recovery replays at most max_wal_size of log; a slow disk may need minutes for it.
_LONGEST_RECOVERY = 300.0

# For a small machine that also runs web, workers and a browser.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    # Queue tables turn over quickly: vacuum early and often, in small bites.
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    "autovacuum_vacuum_cost_limit": "1000",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_FLEETING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """The server of one home. With `durable=False` a power cut destroys it: tests only."""

    home: Home
    binaries: PgBinaries
    password: str
    durable: bool = True
    outlives: bool = False

    @property
    def data(self) -> Path:
        return self.home.root / "postgres" / "data"

    @property
    def url(self) -> str:
        """For django-environ and libpq alike.

        The socket folder stands in the query: libpq would also take it percent-encoded in the
        host's place, but django-environ does not decode it there.
        """
        return self.url_of(ROLE, self.password)

    def url_of(self, role: str, password: str) -> str:
        """The same database, as somebody else."""
        folder = quote(str(self.home.socket_folder()), safe="/")
        return f"postgres://{role}:{quote(password, safe='')}@/{DATABASE}?host={folder}"

    def prepare(self) -> None:
        """Make the cluster when there is none. Raises CannotStart."""
        folder = self.home.server_folder("postgres")
        if not (self.data / "PG_VERSION").exists():
            initialise(
                binaries=self.binaries,
                folder=folder,
                data=self.data,
                role=ROLE,
                password=self.password,
                account=self.home.account,
                log=self.home.log("postgres"),
                durable=self.durable,
            )

    def program(self) -> Program:
        settings = _SETTINGS | (_DURABLE if self.durable else _FLEETING)
        settings["unix_socket_directories"] = str(self.home.socket_folder())
        settings["cluster_name"] = self._cluster()
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            argv=(str(self.binaries.postgres), "-D", str(self.data), *options),
            log=self.home.log("postgres"),
            environment=bare_environment(self.data),
            folder=self.data,
            account=self.home.account,
            # Fast shutdown: disconnect everybody; then immediate: recover at the next start.
            stop_signals=(signal.SIGINT, signal.SIGQUIT),
            stop_seconds=60.0,
            prepare=self.clear_stale_locks,
            outlives=self.outlives,
        )

    def found(self) -> Running | None:
        """The server of this home that somebody else started, if it lives."""
        pid = self._noted_pid()
        if pid is None or not _runs_on(pid, self.data):
            return None
        return Running(self.program(), pid, None)

    def clear_stale_locks(self) -> None:
        """Remove what a killed server left, once nothing of it lives.

        PostgreSQL itself does not start when its old process id belongs to any other process of
        the same account, which is common in containers, where ids are few.
        """
        if self.found() is not None or not Path("/proc/self/cmdline").exists():
            return
        end = time.monotonic() + 10.0
        while any(_titled(self._cluster())) and time.monotonic() < end:
            time.sleep(0.05)
        for orphan in _titled(self._cluster()):
            raise CannotStart(
                f"A process of the last PostgreSQL (id {orphan}) still works on {self.data}: "
                "end it, then start again."
            )
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self.home.socket_folder() / name).unlink(missing_ok=True)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def wait_until_ready(self, running: Running) -> None:
        """Returns when it answers and the database exists. Raises CannotStart."""
        end = time.monotonic() + _LONGEST_RECOVERY
        while True:
            try:
                with self._connect("postgres") as connection:
                    self._make_database(connection)
                return
            except psycopg.OperationalError as error:
                reason = str(error).strip().splitlines()[-1]
                if "password authentication failed" in reason:
                    raise CannotStart(
                        f"{self.home.root / 'secrets.env'} does not fit the data beside it: put "
                        f"the file back, or delete {self.home.root} to start afresh."
                    ) from error
            if not running.alive():
                log = running.program.log
                raise CannotStart(f"PostgreSQL stopped at its start: {last_line(log)} ({log})")
            if time.monotonic() > end:
                raise CannotStart(f"PostgreSQL does not answer: {reason} ({running.program.log})")
            time.sleep(0.03)

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.home.socket_folder()),
            user=ROLE,
            password=self.password,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def _make_database(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if there.fetchone() is None:
            name = sql.Identifier(DATABASE)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))

    def _cluster(self) -> str:
        """A name that is in the title of each of its processes."""
        return "revops-" + hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]

    def _noted_pid(self) -> int | None:
        with suppress(OSError, ValueError, IndexError):
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        return None


def _runs_on(pid: int, data: Path) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return not Path("/proc/self/cmdline").exists() and pid_is_alive(pid)
    return os.fsencode(data) in line.split(b"\0")


def _titled(cluster: str) -> Iterator[int]:
    pattern = re.compile(rb"postgres: " + cluster.encode())
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if pattern.match((entry / "cmdline").read_bytes()):
                yield int(entry.name)

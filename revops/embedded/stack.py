"""PostgreSQL and Valkey together: started where nobody gave us one, and stopped by who started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import psycopg
import redis

from revops.embedded import programs
from revops.embedded.home import Home
from revops.embedded.pgbinaries import find_binaries
from revops.embedded.postgres import Postgres
from revops.embedded.programs import Program, Running
from revops.embedded.trouble import CannotStart
from revops.embedded.valkey import Valkey, find_server


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the database and the broker are. `database_url` is read by django-environ and libpq."""

    database_url: str
    redis_url: str

    def variables(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


class Server(Protocol):
    """What `Postgres` and `Valkey` have in common."""

    @property
    def url(self) -> str: ...

    def prepare(self) -> None: ...

    def program(self) -> Program: ...

    def found(self) -> Running | None: ...

    def wait_until_ready(self, running: Running) -> None: ...


@dataclass(slots=True)
class Services:
    """The servers of one home.

    `given` is the caller's environment: a `DATABASE_URL` or `REDIS_URL` in it is used as it is,
    and that server is not started. With `durable=False` a power cut destroys the data: tests
    only. With `outlive` the servers stay when this process ends.
    """

    home: Home
    given: Mapping[str, str] = field(default_factory=dict)
    durable: bool = True
    outlive: bool = False
    running: list[Running] = field(default_factory=list)

    def up(self) -> Environment:
        """Start what is missing and wait until it answers. Raises CannotStart.

        Afterwards `running` holds the servers in start order, ours and those found alive.
        """
        with self.home.alone("start.lock"):
            return Environment(
                database_url=self._up("DATABASE_URL", self.postgres, _check_database),
                redis_url=self._up("REDIS_URL", self.valkey, _check_broker),
            )

    def down(self) -> None:
        """Stop what `up` of this object started, the last one first."""
        while self.running:
            running = self.running.pop()
            if running.process is not None:
                programs.stop(running)

    def hand_over(self) -> list[Running]:
        """The servers in start order, for a supervisor that looks after them from now on."""
        running, self.running = self.running, []
        return running

    def found(self) -> list[Running]:
        """The servers of this home that live, whoever started them."""
        servers: list[Server] = [self.postgres(), self.valkey()]
        return [running for server in servers if (running := server.found()) is not None]

    def stop_found(self) -> list[str]:
        """Stop the servers of this home, whoever started them; returns their names."""
        with self.home.alone("start.lock"):
            found = self.found()
            for running in reversed(found):
                programs.stop(running)
        return [running.program.name for running in found]

    def postgres(self) -> Postgres:
        return Postgres(
            home=self.home,
            binaries=find_binaries(self.home),
            password=self.home.secrets()["POSTGRES_PASSWORD"],
            durable=self.durable,
            outlives=self.outlive,
        )

    def valkey(self) -> Valkey:
        return Valkey(
            home=self.home,
            binary=find_server(self.home),
            password=self.home.secrets()["VALKEY_PASSWORD"],
            durable=self.durable,
            outlives=self.outlive,
        )

    def _up(self, variable: str, make: Callable[[], Server], check: Callable[[str], None]) -> str:
        given = self.given.get(variable, "")
        if given:
            check(given)
            return given
        server = make()
        running = server.found()
        if running is None:
            server.prepare()
            running = programs.start(server.program())
        self.running.append(running)
        server.wait_until_ready(running)
        return server.url


def _check_database(url: str) -> None:
    """Only what surely fails is refused: django-environ knows options that libpq does not."""
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise CannotStart(f"DATABASE_URL is set, and its database does not answer: {reason}") from (
            error
        )
    except psycopg.ProgrammingError:
        return


def _check_broker(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CannotStart(f"REDIS_URL is set, and its server does not answer: {error}") from error

"""The databases of the peer's Tryton: one kept template, and copies of it that take no time."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from connectors.systems.tryton.sandbox import chart
from revops.embedded import programs
from revops.embedded.home import Home
from revops.embedded.pgbinaries import find_binaries
from revops.embedded.postgres import Postgres
from revops.embedded.programs import Running
from tests.peers import processes

ADMIN_PASSWORD = "peer-admin-password"
SEED = Path(__file__).with_name("seed.py")
BOOKS = {
    "companies": [list(company) for company in chart.COMPANIES],
    "digits": chart.DIGITS,
    "years": [2025, 2026],
    "accounts": [list(account) for account in chart.ACCOUNTS],
    "party_required": sorted(chart.PARTY_REQUIRED),
    "login": chart.LOGIN,
    "password": "peer-user-password",
    "key": "peer-api-key-0123456789abcdef0123456789abcdef",
}


@dataclass(slots=True)
class Databases:
    """
    A PostgreSQL server: our own, in the peer's folder, unless ``PEERS_DATABASE_URL`` names one
    whose role may create databases.
    """

    url: str
    running: Running | None

    @classmethod
    def open(cls, place: Home) -> Databases:
        given = os.environ.get("PEERS_DATABASE_URL")
        if given:
            return cls(given, None)
        server = Postgres(
            home=place,
            binaries=find_binaries(place),
            password=place.secrets()["POSTGRES_PASSWORD"],
            durable=False,
        )
        server.prepare()
        running = server.found() or programs.start(server.program())
        server.wait_until_ready(running)
        return cls(server.url, running)

    def close(self) -> None:
        if self.running is not None:
            programs.stop(self.running)

    @property
    def uri(self) -> str:
        """For ``[database] uri`` of Tryton, which puts the database's name into the path."""
        return urlunsplit(urlsplit(self.url)._replace(scheme="postgresql", path="/"))

    def connect(self, name: str) -> psycopg.Connection[tuple[object, ...]]:
        url = urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))
        return psycopg.connect(url, autocommit=True)

    def template(self, bin_: Path) -> str:
        """A seeded database, made once for these requirements, this chart and this seed."""
        requirements = processes.HERE / "requirements-tryton.txt"
        mark = processes.fingerprint(
            requirements.read_bytes(), SEED.read_bytes(), json.dumps(BOOKS, sort_keys=True)
        )
        name, new = f"tryton_template_{mark}", f"tryton_new_{mark}"
        with self.connect("postgres") as connection:
            there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if there.fetchone() is None:
                self._drop(connection, new)
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(new)))
                self._fill(bin_, new)
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                connection.execute(rename.format(sql.Identifier(new), sql.Identifier(name)))
        return name

    def copy(self, template: str, name: str) -> None:
        """Replace a database by a fresh copy, whoever is connected to it."""
        with self.connect("postgres") as connection:
            self._drop(connection, name)
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def _drop(self, connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(statement.format(sql.Identifier(name)))

    def _fill(self, bin_: Path, name: str) -> None:
        variables = {**os.environ, "TRYTOND_DATABASE__URI": self.uri}
        admin: list[str | Path] = [bin_ / "trytond-admin", "-d", name]
        with_password = {**variables, "TRYTONPASSFILE": "/dev/stdin"}
        email = ["--all", "--email", "admin@example.com"]
        _run([*admin, *email], with_password, ADMIN_PASSWORD + "\n")
        _run([*admin, "-u", "account_deposit", "--activate-dependencies"], variables)
        _run([bin_ / "python", SEED, name], {**variables, "SEED": json.dumps(BOOKS)})


def _run(command: Sequence[str | Path], variables: dict[str, str], given: str = "") -> None:
    done = subprocess.run(
        command, env=variables, input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed:\n{done.stderr[-4000:]}")

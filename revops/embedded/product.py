"""The product's own processes: what is done once before them, and how each is started."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from revops.embedded.home import Home
from revops.embedded.programs import Program

PROJECT = Path(__file__).resolve().parents[2]
NEEDS = ("celery", "django", "granian", "psycopg", "redis")


WSGI = "revops.wsgi:application"
# For revops.wsgi, in granian's worker: it does not outlive granian.
BOUND = {"REVOPS_DIES_WITH_PARENT": "1"}


def web(application: str, port: int) -> tuple[str, ...]:
    """The words for Python that serve a WSGI application on this machine alone.

    Without a time for its workers granian waits for requests that are under way, however long they
    take, and so outlives a supervisor that was killed: that one is not there to end it.
    """
    return (
        *("-m", "granian", "--interface", "wsgi", application),
        *("--host", "127.0.0.1", "--port", str(port), "--no-ws", "--http", "1"),
        *("--workers", "1", "--blocking-threads", "4", "--workers-kill-timeout", "5"),
    )


@dataclass(frozen=True, slots=True)
class Product:
    """A plan for `run`: `steps` one after the other, then all `processes`, then `sign_ins`.

    `ready` is the address that answers 200 once everything works. `sign_ins` prints one line for
    each demo person: email, password, role.
    """

    address: str
    ready: str
    steps: tuple[Program, ...]
    processes: tuple[Program, ...]
    sign_ins: Program | None


def secrets_for_children(home: Home, given: Mapping[str, str]) -> dict[str, str]:
    """The keys that the settings read; a value in the caller's environment goes before ours."""
    kept = home.secrets()
    names = ("DJANGO_SECRET_KEY", "REVOPS_ENCRYPTION_KEYS", "REVOPS_AUDIT_KEY")
    return {name: given.get(name) or kept[name] for name in names}


@dataclass(frozen=True, slots=True)
class Logins:
    """Where the web process and the workers sign in to the database, each as its own role."""

    door: str
    worker: str
    passwords: Mapping[str, str]


def console(
    *, home: Home, variables: Mapping[str, str], port: int, logins: Logins | None = None
) -> Product:
    """The real one. `variables` is the whole environment of the children.

    Migrations and the demo company are made by the database's owner, whom `variables` name; so is
    everything else when there are no `logins`, as with a database that somebody else gave us.
    """

    def program(name: str, *argv: str, **extra: str) -> Program:
        return Program(
            name=name,
            argv=(sys.executable, *argv),
            log=home.log(name),
            environment={**variables, **extra},
            folder=PROJECT,
        )

    worker = (
        *("-m", "celery", "-A", "revops", "worker", "--concurrency", "4", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    )
    beat = (
        *("-m", "celery", "-A", "revops", "beat", "--loglevel", "INFO", "--pidfile", ""),
        *("--schedule", str(home.root / "celerybeat-schedule")),
    )
    door = {"DATABASE_URL": logins.door} if logins else {}
    serving = {"DATABASE_URL": logins.worker} if logins else {}
    roles: tuple[Program, ...] = ()
    if logins:
        give = program("database-roles", "manage.py", "database_roles", **logins.passwords)
        roles = (give,)
    return Product(
        address=f"http://127.0.0.1:{port}/",
        ready=f"http://127.0.0.1:{port}/readyz",
        steps=(
            program("migrate", "manage.py", "migrate", "--no-input"),
            *roles,
            program("seed", "manage.py", "demo", "seed"),
        ),
        processes=(
            # The demo's people act in it, as on pages.
            program("sandbox", "manage.py", "sandbox", "serve", **door),
            program("worker", *worker, **serving),
            program("beat", *beat, **serving),
            program("web", *web(WSGI, port), REVOPS_DB_POOL="1", **BOUND, **door),
        ),
        sign_ins=program("sign-ins", "manage.py", "demo", "signins"),
    )

"""The console's own processes, as in production but for shorter times: web and Celery worker."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings
from django.db import connection

from accounts.operations import create_token
from accounts.tokens import SCOPES
from revops.embedded import programs
from revops.embedded.product import PROJECT
from revops.embedded.programs import Program, Running
from tests.peers import processes


@dataclass(frozen=True, slots=True)
class Console:
    """``address`` of the web process; ``logs`` is the folder of what both have said."""

    address: str
    logs: Path
    client: httpx.Client

    def rows(self, path: str, **query: str) -> list[dict[str, Any]]:
        """A whole list of the API, page after page."""
        found: list[dict[str, Any]] = []
        answer = self.get(path, **query)
        while True:
            found += answer["results"]
            if answer["next"] is None:
                return found
            answer = self.get(answer["next"])

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(path, params=query or None)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running(variables: Mapping[str, str]) -> Iterator[Console]:
    """Web and worker on the database of the tests, stopped again at the end."""
    place = processes.home("console")
    port = processes.free_port()
    environment = os.environ | _same_world() | variables
    web = (
        *("-m", "granian", "--interface", "wsgi", "revops.wsgi:application", "--no-ws"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "4"),
    )
    worker = (
        *("-m", "celery", "-A", "revops", "worker", "--concurrency", "2", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    )
    started: list[Running] = []
    try:
        for name, argv, pool in (("web", web, "1"), ("worker", worker, "0")):
            program = Program(
                name=name,
                argv=(sys.executable, *argv),
                log=place.log(name),
                environment=environment | {"REVOPS_DB_POOL": pool},
                folder=PROJECT,
            )
            started.append(programs.start(program))
        address = f"http://127.0.0.1:{port}"
        processes.wait_until(lambda: _answers(f"{address}/healthz"), started[0])
        _, token = create_token(name="peers", scopes=tuple(SCOPES))
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            yield Console(address, place.root / "log", client)
    finally:
        for process in reversed(started):
            programs.stop(process)


def _same_world() -> dict[str, str]:
    """The database and keys that this process uses itself."""
    url = urlsplit(os.environ["DATABASE_URL"])
    return {
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}")),
        "DJANGO_SETTINGS_MODULE": "revops.settings.local",
        "DJANGO_SECRET_KEY": settings.SECRET_KEY,
        "REVOPS_ENCRYPTION_KEYS": ",".join(settings.REVOPS_ENCRYPTION_KEYS),
    }


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False

"""
How long the exception queue takes when it is at its worst: 100,000 open cases in 500 causes, and
900,000 that were settled. Whole pages (session, rights, reads, template), asked for in this process
one after the other: what a network adds is not counted, and nothing runs beside them.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from typing import Any, Final, cast
from unittest import mock

import psutil
import psycopg
from django.http import StreamingHttpResponse
from django.test import Client

from accounts.models import User
from exceptions.models import Case
from revops.bench.figures import percentiles
from revops.bench.queue_world import CAUSES, GREAT, SETTLED, fill
from revops.sandbox import company
from revops.store import sql
from revops.web import exports

CALLS: Final = 60
_WARM: Final = 3
_PAGES_ON: Final = 40
_QUEUE: Final = "/exceptions/"


def measure(*, cases: int) -> dict[str, Any]:
    """The figures as they are printed: milliseconds and database queries of each page."""
    company.seed()
    everywhere = User.objects.get(email="priya@demo.example")
    in_one = User.objects.get(email="greta@demo.example")
    taken = fill(cases=cases, taken_by=everywhere)
    drafted = _drafted(everywhere)
    pages = {}
    for name, ask in _questions().items():
        pages[name] = _asked(everywhere, ask)
    for name in ("by cause", "by case", "great cause", "mappings"):
        pages[f"{name}, one legal entity"] = _asked(in_one, _questions()[name])
    return {
        "bench": "queue",
        "open_cases": cases,
        "settled_cases": cases * SETTLED,
        "causes": CAUSES,
        "calls": CALLS,
        "limit": {"p95_ms": 300, "queries": 15},
        "pages": pages,
        "file_of_50000_drafted_s": round(drafted, 1),
        "filled_in_s": round(taken, 1),
    }


Ask = Callable[[Client], None]


def _questions() -> dict[str, Ask]:
    case = Case.objects.filter(cause_key=GREAT, state="open").order_by("opened_at")[100]
    deep = _next_of(f"{_QUEUE}?group=case")
    return {
        "by cause": _get(_QUEUE),
        "by cause, page 10": _get(f"{_QUEUE}?page=10"),
        "by case": _get(f"{_QUEUE}?group=case"),
        "by case, next page": lambda client: _read(client, deep(client)),
        "filtered by entity, system and team": _get(
            f"{_QUEUE}?system=stripe&team=Finance&group=case&entity=DE-GMBH"
        ),
        "filtered by amount and age": _get(
            f"{_QUEUE}?amount_min=40000&age_min=20&group=case&entity=DE-GMBH"
        ),
        "by cause, filtered by amount and age": _get(f"{_QUEUE}?amount_min=40000&age_min=20"),
        "tab Blocks close": _get(f"{_QUEUE}?status=blocks&group=case"),
        "tab Mine": _get(f"{_QUEUE}?status=mine"),
        "tab New": _get(f"{_QUEUE}?status=new&group=case"),
        "tab Resolved": _get(f"{_QUEUE}?status=resolved"),
        "searched for a cause": _get(f"{_QUEUE}?q=BENCH-42"),
        "searched for an invoice": _get(f"{_QUEUE}?q=INV-1000123&group=case"),
        "work mode, next case": _get(f"{_QUEUE}work", to=302),
        "work mode, after a skip": _get(f"{_QUEUE}work?skip={case.pk}", to=302),
        "CSV by case, first rows": _first_rows(f"{_QUEUE}exceptions.csv?group=case&status=mine"),
        "CSV by cause, first rows": _first_rows(f"{_QUEUE}exceptions.csv"),
        "great cause": _get(f"{_QUEUE}causes/{GREAT}/"),
        "case": _get(f"{_QUEUE}EXC-{case.pk}/"),
        "home": _get("/"),
        "mappings": _get("/mappings/tax-codes/"),
        "mappings, 2,000 SKUs": _get("/mappings/skus/"),
    }


def _get(address: str, *, to: int = 200) -> Ask:
    return lambda client: _read(client, address, to=to)


def _read(client: Client, address: str, *, to: int = 200) -> None:
    answer = client.get(address)
    if answer.status_code != to:
        raise AssertionError(f"{address} answered {answer.status_code}: {answer.content[:2000]!r}")


def _first_rows(address: str) -> Ask:
    """The answer, and the first lines of its file."""

    def ask(client: Client) -> None:
        with _any_number_of_files():
            answer = client.post(address)
        if answer.status_code != HTTPStatus.OK:
            raise AssertionError(f"{address} answered {answer.status_code}.")
        next(iter(cast(StreamingHttpResponse, answer)))
        answer.close()

    return ask


def _any_number_of_files() -> AbstractContextManager[Any]:
    """Nobody gets many in an hour, but here."""
    return mock.patch.object(exports, "MOST_AN_HOUR", 10**6)


def _drafted(person: User) -> float:
    """Seconds until the job of as many cases as one takes is frozen; its page is not counted."""
    client = Client(HTTP_HOST="localhost")
    client.force_login(person)
    started = time.perf_counter()
    with _any_number_of_files():
        answer = client.post(f"{_QUEUE}exceptions.csv?group=case")
    taken = time.perf_counter() - started
    if "/bulk/" not in answer.headers.get("Location", ""):
        raise AssertionError(f"The file became no job: {answer.status_code}.")
    return taken


def _next_of(address: str) -> Callable[[Client], str]:
    """The address of the page forty pages on: found by walking there, once."""
    found: list[str] = []

    def deep(client: Client) -> str:
        here = address
        while len(found) < _PAGES_ON:
            page = client.get(here).content.decode()
            match = re.search(r'href="[^"?]*([?][^"]*after=[^"]*)"', page)
            if match is None:
                raise AssertionError("The list has no next page.")
            here = f"{_QUEUE}{html.unescape(match[1])}"
            found.append(here)
        return found[-1]

    return deep


def _asked(person: User, ask: Ask) -> dict[str, float]:
    """Milliseconds, CPU of this process and of its database session, and database queries."""
    client = Client(HTTP_HOST="localhost")
    client.force_login(person)
    times: list[float] = []
    for _ in range(_WARM):
        ask(client)
    with _counted() as statements:
        ask(client)
    before = _cpu_seconds()
    for _ in range(CALLS):
        started = time.perf_counter()
        ask(client)
        times.append((time.perf_counter() - started) * 1000)
    used = (_cpu_seconds() - before) * 1000 / CALLS
    return percentiles(times) | {"cpu_ms": round(used, 1), "queries": len(statements)}


def _cpu_seconds() -> float:
    session = sql.one("SELECT pg_backend_pid() AS pid")
    assert session is not None
    return time.process_time() + sum(psutil.Process(session.pid).cpu_times()[:2])


@contextmanager
def _counted() -> Iterator[list[str]]:
    """Every statement that reads or writes; saying whose rows are seen does neither."""
    seen: list[str] = []
    cursors: Any = psycopg.Cursor
    plain = cursors.execute

    def execute(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        if not str(query).startswith("SELECT set_config("):
            seen.append(str(query))
        return plain(self, query, *args, **kwargs)

    cursors.execute = execute
    try:
        yield seen
    finally:
        cursors.execute = plain

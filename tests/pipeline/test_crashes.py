"""Kill the worker at every boundary: the books end up right (faults C1–C7 of the catalogue)."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from revops.delivery import drain
from revops.delivery.models import Attempt
from revops.events.models import InboundEvent
from revops.store import sql
from tests.pipeline import one_worker
from tests.pipeline.rehearsal import Rehearsal

ROOT = Path(__file__).resolve().parents[2]
# How long a worker may take on a machine that does much else; nothing waits so long.
LONG: Final = 180.0


def database_url(name: str) -> str:
    """The address of another database on the tests' server."""
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    there = f"{base.rsplit('/', 1)[0]}/{name}"
    return f"{there}?{query}" if query else there


@pytest.fixture(scope="module", autouse=True)
def nursery(django_db_setup: None) -> None:
    """
    Where the workers are born: one process that has read the whole console once, on the tests'
    database, and splits. To read it again for each of them took most of the time of this file.
    """
    multiprocessing.set_forkserver_preload([one_worker.__name__])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "DATABASE_URL": database_url(connection.settings_dict["NAME"]),
            "DJANGO_SETTINGS_MODULE": "tests.pipeline.drill_settings",
            "REVOPS_DRILL_KEYS": ",".join(settings.REVOPS_ENCRYPTION_KEYS),
        }.items():
            patch.setenv(name, value)
        forkserver.ensure_running()


def worker(tmp_path: Path, *, name: str = "drill", crash_at: str = "", seconds: float = 8) -> Any:
    """A worker process on the test's database."""
    marker = str(tmp_path / "crashed")
    child = multiprocessing.get_context("forkserver").Process(
        target=one_worker.work,
        kwargs={"seconds": seconds, "name": name, "crash_at": crash_at, "marker": marker},
    )
    child.start()
    return child


def killed(child: Any) -> None:
    child.join(LONG)
    assert child.exitcode == -signal.SIGKILL


def ended(*children: Any) -> None:
    """Kill what still lives."""
    for child in children:
        child.kill()
        child.join()


def finished(line: Rehearsal, tmp_path: Path, *, crash_at: str = "", seconds: float = LONG) -> None:
    """Another worker takes over until every command is at rest."""
    child = worker(tmp_path, name="heir", crash_at=crash_at, seconds=seconds)
    stop = time.monotonic() + seconds
    try:
        while time.monotonic() < stop:
            waiting = InboundEvent.objects.filter(state__in=("received", "parked")).exists()
            states = set(line.states())
            if not waiting and states == {"posted"}:
                return
            time.sleep(0.1)
        pytest.fail(f"not finished: {line.states()}")
    finally:
        ended(child)


@pytest.mark.parametrize(
    "boundary",
    [
        "after_event_claim",
        "before_event_commit",
        "after_event_commit",
        "after_claim",
        "after_intent",
        "after_answer",
        "after_record",
    ],
)
def test_a_worker_killed_at_the_boundary_leaves_right_books(
    line: Rehearsal, tmp_path: Path, boundary: str
) -> None:
    line.subscribe(pays=True)
    line.deliver()

    killed(worker(tmp_path, crash_at=boundary))
    finished(line, tmp_path, crash_at=boundary)

    line.assert_books_agree()
    assert line.commands().count() == 2
    if boundary == "after_claim":
        # Nothing was intended, so nothing was sent by the one that died.
        assert Attempt.objects.filter(kind="send").count() == 2


@pytest.mark.parametrize("moment", ["create", "post"])
def test_a_worker_killed_while_the_erp_works_leaves_right_books(
    line: Rehearsal, tmp_path: Path, moment: str
) -> None:
    customer = line.customer()
    line.subscribe(customer)
    line.deliver()
    line.settle()
    line.fault(response_lost={"times": 1, "on": moment})
    line.subscribe(customer)
    line.deliver()

    child = worker(tmp_path, seconds=30)
    wanted = "draft" if moment == "create" else "posted"
    with until_killed(child):
        while not [m for m in line.moves(state=wanted) if wanted == "draft" or _is_second(line)]:
            assert child.is_alive(), "the worker ended before it had sent anything"
            time.sleep(0.05)
    finished(line, tmp_path)

    line.assert_books_agree()
    assert len(line.moves()) == 2


def _is_second(line: Rehearsal) -> bool:
    return len(line.moves()) == 2


@contextmanager
def until_killed(child: Any) -> Iterator[None]:
    try:
        yield
    finally:
        ended(child)


def test_a_commit_whose_outcome_is_unknown_is_settled_by_asking(
    line: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.subscribe()
    line.deliver()
    line.advance()
    real = sql.atomic
    lost = iter([True])

    @contextmanager
    def commits_but_does_not_say_so() -> Iterator[None]:
        with real():
            yield
        if next(lost, False):
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(drain.sql, "atomic", commits_but_does_not_say_so)
    with pytest.raises(psycopg.OperationalError):
        line.send()
    monkeypatch.undo()

    line.settle()

    line.assert_books_agree()


def test_a_poison_event_is_put_aside_and_the_others_go_on(
    line: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.subscribe()
    line.deliver()
    victim = InboundEvent.objects.get(type="customer.subscription.created")
    InboundEvent.objects.filter(pk=victim.pk).update(crash_count=3)

    line.settle()

    victim.refresh_from_db()
    assert victim.state == "poison"
    assert [case.kind for case in line.open_cases()] == ["poison"]
    line.assert_books_agree()
    assert len(line.moves()) == 1


def test_two_workers_and_two_sweepers_do_no_harm(line: Rehearsal, tmp_path: Path) -> None:
    for _ in range(15):
        line.subscribe(pays=True)
    line.deliver()

    children = [worker(tmp_path, name=f"drill-{n}", seconds=LONG) for n in range(3)]
    try:
        stop = time.monotonic() + LONG
        while line.states() != {"posted": 30}:
            assert time.monotonic() < stop, line.states()
            assert all(child.is_alive() for child in children)
            time.sleep(0.1)
    finally:
        ended(*children)

    assert line.states() == {"posted": 30}
    assert max(Attempt.objects.values_list("number", flat=True)) == 1
    line.assert_books_agree()

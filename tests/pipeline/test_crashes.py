"""Kill the worker at every boundary: the books end up right (faults C1–C7 of the catalogue)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from revops.delivery import drain
from revops.delivery.models import Attempt
from revops.events.models import InboundEvent
from revops.store import sql
from tests.pipeline.rehearsal import Rehearsal

ROOT = Path(__file__).resolve().parents[2]


def database_url(name: str) -> str:
    """The address of another database on the tests' server."""
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    there = f"{base.rsplit('/', 1)[0]}/{name}"
    return f"{there}?{query}" if query else there


def worker(tmp_path: Path, *, name: str = "drill", crash_at: str = "", seconds: float = 8) -> Any:
    """A worker process on the test's database."""
    env = os.environ | {
        "DATABASE_URL": database_url(connection.settings_dict["NAME"]),
        "DJANGO_SETTINGS_MODULE": "tests.pipeline.drill_settings",
        "REVOPS_CRASH_AT": crash_at,
        "REVOPS_CRASH_MARKER": str(tmp_path / "crashed"),
        "REVOPS_DRILL_KEYS": ",".join(settings.REVOPS_ENCRYPTION_KEYS),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("one_worker.py")), str(seconds), name],
        env=env,
        cwd=ROOT,
    )


def killed(child: Any) -> None:
    assert child.wait(20) == -signal.SIGKILL


def finished(line: Rehearsal, tmp_path: Path, *, crash_at: str = "", seconds: float = 30) -> None:
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
        child.kill()
        child.wait()


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
            assert child.poll() is None, "the worker ended before it had sent anything"
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
        os.kill(child.pid, signal.SIGKILL)
        child.wait()


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

    children = [worker(tmp_path, name=f"drill-{n}", seconds=25) for n in range(3)]
    try:
        stop = time.monotonic() + 25
        while set(line.states()) != {"posted"} or len(line.states()) == 0:
            assert time.monotonic() < stop, line.states()
            time.sleep(0.2)
    finally:
        for child in children:
            child.kill()
            child.wait()

    assert line.states() == {"posted": 30}
    assert max(Attempt.objects.values_list("number", flat=True)) == 1
    line.assert_books_agree()

"""The broker may forget everything, restart, or be away: nothing is lost, and the worker lives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.db import connection

from revops.delivery.models import OutboundCommand
from revops.embedded import programs
from revops.embedded.account import server_account
from revops.embedded.home import throwaway_home
from revops.embedded.valkey import Valkey, find_server
from revops.pipeline import wake
from tests.pipeline.rehearsal import Rehearsal
from tests.pipeline.test_crashes import LONG, ROOT, database_url


class Broker:
    """A Valkey of this test's own, to be stopped and started again at the same address."""

    def __init__(self) -> None:
        self._home = throwaway_home(server_account())
        self._valkey = Valkey(self._home, find_server(self._home), "drill")
        self._valkey.prepare()
        self.start()

    @property
    def url(self) -> str:
        return self._valkey.url

    def start(self) -> None:
        self._running = programs.start(self._valkey.program())
        self._valkey.wait_until_ready(self._running)

    def stop(self) -> None:
        programs.stop(self._running)

    def forget_everything(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def close(self) -> None:
        self.stop()
        self._home.delete()


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    found = Broker()
    ours = Celery("drill", broker=found.url)
    ours.conf.update({**settings.CELERY, "broker_url": found.url})
    monkeypatch.setattr("revops.pipeline.broker.app", ours)
    wake.forget()
    try:
        yield found
    finally:
        wake.forget()
        found.close()


@contextmanager
def celery_worker(broker: Broker, *, sweep: float) -> Iterator[Any]:
    child = subprocess.Popen(
        [
            sys.executable, "-m", "celery", "-A", "revops", "worker", "--concurrency", "2",
            "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
        ],
        cwd=ROOT,
        env=os.environ | {
            "DATABASE_URL": database_url(connection.settings_dict["NAME"]),
            "REDIS_URL": broker.url,
            "DJANGO_SETTINGS_MODULE": "tests.pipeline.drill_settings",
            "REVOPS_DRILL_KEYS": ",".join(settings.REVOPS_ENCRYPTION_KEYS),
            "REVOPS_DRILL_SWEEP": str(sweep),
            "PYTHONPATH": str(ROOT),
        },
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def eventually(check: Callable[[], bool]) -> None:
    """Within what a worker may take to start and to work on a machine that does much else."""
    stop = time.monotonic() + LONG
    while not check():
        assert time.monotonic() < stop, "it did not happen in time"
        time.sleep(0.1)


def posted() -> int:
    """Invoices and payments in the ERP; fees come whenever the sweeper happens to poll."""
    return OutboundCommand.objects.filter(
        state="posted", document_type__in=("invoice", "payment")
    ).count()


def test_hints_a_flush_and_a_restart_lose_nothing(line: Rehearsal, broker: Broker) -> None:
    with celery_worker(broker, sweep=2.0) as child:
        line.subscribe(pays=True)
        line.deliver()
        eventually(lambda: posted() == 2)

        line.subscribe(pays=True)
        line.deliver()
        broker.forget_everything()
        eventually(lambda: posted() == 4)

        broker.stop()
        line.subscribe(pays=True)
        line.deliver()  # stored although nobody can be woken
        eventually(lambda: posted() == 6)

        broker.start()
        wake.forget()
        time.sleep(3)
        assert child.poll() is None, "the worker died when its broker came back"
        line.subscribe(pays=True)
        line.deliver()
        eventually(lambda: posted() == 8)
        eventually(lambda: set(line.states()) == {"posted"})

    line.assert_books_agree()


def test_a_hint_wakes_a_worker_long_before_the_sweeper_would(
    line: Rehearsal, broker: Broker
) -> None:
    with celery_worker(broker, sweep=600.0):
        line.subscribe()
        line.deliver()
        time.sleep(5)
        wake.forget()
        line.subscribe()
        line.deliver()

        # The sweeper comes after ten minutes.
        eventually(lambda: posted() == 2)

    line.assert_books_agree()


def test_without_any_broker_the_door_answers_within_a_second(
    line: Rehearsal, broker: Broker
) -> None:
    broker.stop()
    line.subscribe()
    started = time.monotonic()

    line.deliver()

    assert time.monotonic() - started < 8  # five events; at most one of them waits for the broker
    broker.start()

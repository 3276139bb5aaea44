"""localstripe, the console's processes and a real Tryton, started once for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker

from tests.peers.line import PeerLine, playing
from tests.peers.tryton.peer import TrytonPeer

SUMMARY = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    summary = terminalreporter.config.stash.get(SUMMARY, "")
    if summary:
        terminalreporter.write_line(f"peers: {summary}")


@pytest.fixture(scope="module")
def line(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[PeerLine]:
    """Its tests follow each other on the same books; each leaves them settled and in agreement."""
    with django_db_blocker.unblock(), _database("peers"):
        tryton = TrytonPeer.start()
        try:
            tryton.reset()
            with playing(tryton) as line:
                yield line
                request.config.stash[SUMMARY] = line.summary()
        finally:
            tryton.stop()


@contextmanager
def _database(name: str) -> Iterator[None]:
    """One that other processes see what we write to, so it cannot be rolled back, only dropped."""
    connection.settings_dict["TEST"]["NAME"] = name
    made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)

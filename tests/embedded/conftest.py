from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from revops.embedded.account import server_account
from revops.embedded.home import Home, throwaway_home
from revops.embedded.stack import Services


@pytest.fixture
def home() -> Iterator[Home]:
    """An open home of its own; pytest's own folders are closed to the servers' account."""
    made = throwaway_home(server_account())
    yield made
    made.delete()


@pytest.fixture
def services(home: Home) -> Iterator[Callable[[], Services]]:
    """Makes durable services of one home; whatever of them lives is stopped at the end."""
    yield lambda: Services(home)
    Services(home).stop_found()


@pytest.fixture
def outside() -> dict[str, str]:
    """The environment as a person's terminal has it: nothing of what runs these tests."""
    ours = ("DATABASE_URL", "REDIS_URL", "REVOPS_", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2])}

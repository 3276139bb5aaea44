from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from revops.embedded.account import server_account
from revops.embedded.home import Home, throwaway_home
from revops.embedded.stack import Services


@pytest.fixture(scope="session")
def prepared() -> Iterator[Home]:
    """A home whose PostgreSQL has its data, and never runs: to make them takes two seconds."""
    made = throwaway_home(server_account())
    Services(made).postgres().prepare()
    yield made
    made.delete()


def copy_of(prepared: Home) -> Home:
    """An open home of its own; pytest's own folders are closed to the servers' account."""
    made = throwaway_home(server_account())
    # With owners and modes, which shutil leaves behind.
    subprocess.run(["cp", "-a", f"{prepared.root}/.", str(made.root)], check=True)
    return made


@pytest.fixture
def home(prepared: Home) -> Iterator[Home]:
    made = copy_of(prepared)
    yield made
    made.delete()


@pytest.fixture
def services(home: Home) -> Iterator[Callable[[], Services]]:
    """Makes durable services of one home; whatever of them lives is stopped at the end."""
    yield lambda: Services(home)
    Services(home).stop_found()


@pytest.fixture
def outside() -> dict[str, str]:
    return environment_outside()


def environment_outside() -> dict[str, str]:
    """The environment as a person's terminal has it: nothing of what runs these tests."""
    ours = ("DATABASE_URL", "REDIS_URL", "REVOPS_", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2])}

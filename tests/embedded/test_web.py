"""The web process of a console goes when whoever started it is gone, whatever it was doing."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from revops.embedded.product import WSGI

SUPERVISED = Path(__file__).with_name("supervised.py")
SLOW = "tests.embedded.slow_application:application"
PATIENCE = 60.0

Serve = Callable[[str], tuple[psutil.Process, list[psutil.Process], str]]


@pytest.fixture
def serve(outside: dict[str, str], tmp_path: Path) -> Iterator[Serve]:
    """Starts a supervisor with a web process: gives it, what it started, and the address."""
    started: list[psutil.Process] = []

    def served(application: str) -> tuple[psutil.Process, list[psutil.Process], str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, str(SUPERVISED), application, str(port), str(tmp_path / "log")]
        supervisor = psutil.Process(subprocess.Popen(command, env=outside).pid)
        started.append(supervisor)
        end = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert time.monotonic() < end
            time.sleep(0.05)
        family = supervisor.children(recursive=True)
        started.extend(family)
        return supervisor, family, f"http://127.0.0.1:{port}"

    yield served
    for process in started:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(started, timeout=5)


class TestWeb:
    def test_a_request_under_way_does_not_keep_it_when_the_supervisor_is_killed(
        self, serve: Serve, tmp_path: Path
    ) -> None:
        supervisor, family, address = serve(SLOW)
        assert len(family) == 2, "granian and its worker"

        def ask() -> None:
            with suppress(OSError):
                urllib.request.urlopen(f"{address}/slow", timeout=30).close()

        threading.Thread(target=ask, daemon=True).start()
        end = time.monotonic() + PATIENCE
        while "taken" not in (tmp_path / "log").read_text():
            assert time.monotonic() < end
            time.sleep(0.05)

        supervisor.kill()

        _gone, alive = psutil.wait_procs(family, timeout=20)
        assert alive == []

    def test_its_worker_dies_with_it(self, serve: Serve) -> None:
        _supervisor, (granian, *workers), _address = serve(WSGI)
        assert len(workers) == 1

        granian.kill()

        _gone, alive = psutil.wait_procs(workers, timeout=10)
        assert alive == []

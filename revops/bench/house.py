"""The console's own processes for a measurement, on a database of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from revops.store import sql

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class House:
    """Running processes: where the web answers, and what each of them has cost so far."""

    web_port: int
    erp_port: int
    processes: dict[str, subprocess.Popen[bytes]]

    def cpu_seconds(self) -> dict[str, float]:
        """CPU used so far, children included, by process name; PostgreSQL is the one we are on."""
        used = {name: _cpu(psutil.Process(child.pid)) for name, child in self.processes.items()}
        backend = sql.one("SELECT pg_backend_pid() AS pid")
        assert backend is not None
        postmaster = psutil.Process(backend.pid).parent()
        used["postgres"] = _cpu(postmaster) if postmaster is not None else 0.0
        return used

    def memory_mb(self) -> float:
        """Resident memory of web and worker with their children."""
        total = 0
        for name in ("web", "worker"):
            parent = psutil.Process(self.processes[name].pid)
            for process in (parent, *parent.children(recursive=True)):
                total += process.memory_info().rss
        return round(total / 1e6, 1)


def _cpu(parent: psutil.Process) -> float:
    total = 0.0
    for process in (parent, *parent.children(recursive=True)):
        try:
            # With the children that have ended since: sessions come and go.
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total


@contextmanager
def running(*, workers: int = 2) -> Iterator[House]:
    """Web, worker and the ERP's sandbox, stopped again at the end."""
    web_port, erp_port = free_port(), free_port()
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "revops.settings.local",
        "REVOPS_DB_POOL": "1",
        "REVOPS_LINGER": "2",
    }
    quiet = subprocess.DEVNULL
    log = open(os.environ.get("REVOPS_BENCH_LOG", os.devnull), "ab")  # noqa: SIM115  the processes that are started here write to it

    def start(*argv: str, **extra: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *argv], cwd=ROOT, env=env | extra, stdout=quiet, stderr=log
        )

    processes = {
        "web": start(
            "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(web_port),
            "--workers", "1", "--blocking-threads", "4", "--no-ws", "revops.wsgi:application",
        ),
        "worker": start(
            "-m", "celery", "-A", "revops", "worker", "--concurrency", str(workers),
            "--loglevel", "WARNING", "--without-gossip", "--without-mingle", REVOPS_DB_POOL="0",
        ),
        "erp": start("manage.py", "sandbox", "serve", "--only", "tryton", "--port", str(erp_port)),
    }  # fmt: skip
    try:
        _answers(f"http://127.0.0.1:{web_port}/healthz")
        _answers(f"http://127.0.0.1:{erp_port}/_control/")
        yield House(web_port, erp_port, processes)
    finally:
        for child in reversed(processes.values()):
            child.terminate()
        for child in processes.values():
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
        log.close()


def _answers(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=1)  # noqa: S310  our own loopback address
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} did not answer within 30 seconds.")

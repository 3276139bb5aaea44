from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from revops.embedded.home import Home
from tests.embedded.conftest import copy_of, environment_outside

DUMMY = Path(__file__).with_name("dummy_console.py")
PATIENCE = 60.0
UP = "Ctrl-C stops everything"


class Console:
    """A dummy console that runs as a process of its own, and what it has said so far."""

    def __init__(self, home: Home, environment: dict[str, str], log: Path, *words: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        self.home, self.log = home, log
        with log.open("wb") as output:
            command = [sys.executable, str(DUMMY), str(home.root), port, *words]
            self.process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=subprocess.STDOUT
            )

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + PATIENCE
        while text not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def ask_to_stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def consoles() -> Iterator[list[Console]]:
    started: list[Console] = []
    yield started
    for console in started:
        if console.process.poll() is None:
            console.ask_to_stop(signal.SIGTERM)


@pytest.fixture
def console(
    consoles: list[Console], home: Home, outside: dict[str, str], tmp_path: Path
) -> Console:
    """One to be ended."""
    made = Console(home, outside, tmp_path / "console.log")
    consoles.append(made)
    made.wait_for(UP)
    return made


@pytest.fixture(scope="module")
def running(prepared: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One for all who leave it running; whatever they did to it, it stops as it is asked to."""
    home = copy_of(prepared)
    log = tmp_path_factory.mktemp("running") / "console.log"
    made = Console(home, environment_outside(), log)
    try:
        made.wait_for(UP)
        yield made
        assert made.ask_to_stop(signal.SIGTERM) == 0
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.wait(PATIENCE)
        home.delete()


class TestRun:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_request_to_stop_leaves_no_process(
        self, console: Console, number: signal.Signals
    ) -> None:
        family = console.family()
        assert len(family) >= 10, "postgres and its own, valkey, web, worker and its child"
        assert console.ask_to_stop(number) == 0
        _gone, alive = psutil.wait_procs(family, timeout=5)
        assert alive == []

    def test_prints_the_address_and_the_sign_ins_once_it_is_ready(self, running: Console) -> None:
        text = running.said()
        assert "http://127.0.0.1:" in text
        assert "ada@example.test  pass word  controller" in text
        assert text.index("migrate is done") < text.index("Ready after")

    def test_a_killed_supervisor_takes_everything_along(self, console: Console) -> None:
        family = console.family()
        console.process.kill()
        console.process.wait(PATIENCE)
        _gone, alive = psutil.wait_procs(family, timeout=20)
        assert alive == []

    @pytest.mark.parametrize("name", ["postgres", "valkey-server"])
    def test_a_killed_server_is_started_again(self, running: Console, name: str) -> None:
        before = next(one for one in running.family() if one.name() == name)
        before.send_signal(signal.SIGKILL)
        running.wait_for(f"{name.split('-')[0]} was killed by signal 9; starting it again")
        end = time.monotonic() + PATIENCE
        while not any(one.name() == name and one != before for one in running.family()):
            assert time.monotonic() < end
            time.sleep(0.1)

    def test_a_second_console_of_the_same_home_is_refused(
        self, running: Console, consoles: list[Console], outside: dict[str, str], tmp_path: Path
    ) -> None:
        second = Console(running.home, outside, tmp_path / "second.log")
        consoles.append(second)
        assert second.process.wait(PATIENCE) == 1
        assert second.said() == (
            f"The console of {running.home.root} runs already: stop it, or set REVOPS_HOME to "
            "another.\n"
        )

    def test_a_step_that_fails_stops_everything_with_its_last_line(
        self, consoles: list[Console], home: Home, outside: dict[str, str], tmp_path: Path
    ) -> None:
        broken = Console(home, outside, tmp_path / "log", "raise SystemExit('no such column')")
        consoles.append(broken)
        assert broken.process.wait(PATIENCE) == 1
        line = broken.said().splitlines()[-1]
        assert line == f"migrate failed: no such column ({home.log('migrate')})"


class TestCommand:
    def command(self, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "revops.embedded", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def test_exec_gives_the_command_its_servers_and_returns_its_code(
        self, home: Home, outside: dict[str, str]
    ) -> None:
        outside["REVOPS_HOME"] = str(home.root)
        code = (
            "import os, psycopg, redis, sys\n"
            "psycopg.connect(os.environ['DATABASE_URL']).close()\n"
            "redis.Redis.from_url(os.environ['REDIS_URL']).ping()\n"
            "sys.exit(7)"
        )
        answer = self.command(outside, "exec", "--", sys.executable, "-c", code)
        assert (answer.returncode, answer.stdout, answer.stderr) == (7, "", "")
        assert self.command(outside, "status").returncode == 3

    def test_a_throwaway_leaves_nothing(self, outside: dict[str, str]) -> None:
        script = 'echo "$REVOPS_HOME"; echo "$DATABASE_URL" | cut -d: -f1'
        outside |= {"DATABASE_URL": "postgres://live", "REDIS_URL": "redis://live"}
        answer = self.command(outside, "exec", "--throwaway", "--", "sh", "-c", script)
        home, scheme = answer.stdout.split()
        assert scheme == "postgres"
        assert not Path(home).exists()

    def test_up_stays_until_down(self, home: Home, outside: dict[str, str]) -> None:
        outside["REVOPS_HOME"] = str(home.root)
        try:
            assert self.command(outside, "up").returncode == 0
            status = self.command(outside, "status")
            assert status.returncode == 0
            names = [line.split()[0] for line in status.stdout.splitlines() if "runs" in line]
            assert names == ["postgres", "valkey"]
            exported = self.command(outside, "env").stdout
            assert "export DATABASE_URL=" in exported
        finally:
            down = self.command(outside, "down")
        assert down.stdout == "stopped: postgres, valkey\n"

    def test_run_says_in_one_line_that_its_port_is_taken(
        self, home: Home, outside: dict[str, str]
    ) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            outside |= {"REVOPS_HOME": str(home.root), "REVOPS_PORT": str(port)}
            answer = self.command(outside, "run")
        assert answer.returncode == 1
        assert answer.stderr == (
            f"Port {port} is taken by another program: stop that, or set REVOPS_PORT to a free "
            "port.\n"
        )

    def test_a_request_to_stop_ends_the_command_and_the_servers(
        self, home: Home, outside: dict[str, str]
    ) -> None:
        outside["REVOPS_HOME"] = str(home.root)
        words = ("exec", "--", "sh", "-c", "echo up; exec sleep 60")
        running = subprocess.Popen(
            [sys.executable, "-m", "revops.embedded", *words],
            env=outside,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert running.stdout is not None
        assert running.stdout.readline() == "up\n"
        family = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 128 + signal.SIGTERM
        running.stdout.close()
        _gone, alive = psutil.wait_procs(family, timeout=5)
        assert alive == []

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from revops.embedded.programs import Program, last_line, start, stop
from revops.embedded.supervisor import Patience, Supervisor
from revops.embedded.trouble import CannotStart

# Writes its process id, then waits; what a signal does to it is each test's own matter.
WAITS = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"
WITH_A_CHILD = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "open(sys.argv[1], 'a').write(f'{child.pid}\\n'); time.sleep(60)"
)
NOTES_ITS_END = (
    "import signal, sys, time\n"
    "def end(*_): open(sys.argv[1], 'a').write(sys.argv[2] + '\\n'); sys.exit()\n"
    "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(60)"
)
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\n"
    "time.sleep(60)"
)


def program(
    folder: Path, code: str, *words: str, name: str = "child", seconds: float = 5.0
) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, "-c", code, *words),
        log=folder / f"{name}.log",
        environment=dict(os.environ),
        folder=folder,
        stop_seconds=seconds,
    )


def wait_for(what: Callable[[], object], supervisor: Supervisor | None = None) -> None:
    end = time.monotonic() + 15
    while not what():
        assert time.monotonic() < end, "waited for 15 s"
        if supervisor is not None:
            supervisor.tick()
        time.sleep(0.02)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


class TestSupervisor:
    def test_starts_a_killed_child_again_and_says_so(self, tmp_path: Path) -> None:
        said: list[str] = []
        pids = tmp_path / "pids"
        supervisor = Supervisor(said.append, patience=Patience(first_pause=0.05))
        supervisor.start(program(tmp_path, WAITS, str(pids), name="worker"))
        try:
            wait_for(lambda: len(lines(pids)) == 1, supervisor)
            os.kill(int(lines(pids)[0]), signal.SIGKILL)
            wait_for(lambda: len(lines(pids)) == 2, supervisor)
            first, second = lines(pids)
            assert first != second
            assert psutil.pid_exists(int(second))
        finally:
            supervisor.stop()
        assert said == ["worker was killed by signal 9; starting it again in 0.1 s"]

    def test_kills_what_a_killed_child_left_behind(self, tmp_path: Path) -> None:
        pids = tmp_path / "pids"
        supervisor = Supervisor(lambda _line: None, patience=Patience(first_pause=30))
        running = start(program(tmp_path, WITH_A_CHILD, str(pids)))
        supervisor.watch(running)
        wait_for(lambda: lines(pids), supervisor)
        grandchild = psutil.Process(int(lines(pids)[0]))
        os.kill(running.pid, signal.SIGKILL)
        wait_for(lambda: not grandchild.is_running(), supervisor)
        supervisor.stop()

    def test_gives_up_with_one_clear_line_after_quick_deaths(self, tmp_path: Path) -> None:
        dies = "import sys; sys.exit('no such settings module')"
        supervisor = Supervisor(
            lambda _line: None, patience=Patience(first_pause=0.01, quick_deaths=3)
        )
        supervisor.start(program(tmp_path, dies, name="beat"))
        with pytest.raises(CannotStart) as caught:
            supervisor.run_until(lambda: False, seconds=15)
        assert str(caught.value) == (
            "beat stopped 3 times right after its start: "
            f"no such settings module ({tmp_path / 'beat.log'})"
        )

    def test_pauses_twice_as_long_each_time_up_to_a_bound(self) -> None:
        patience = Patience(first_pause=0.5, longest_pause=3.0)
        assert [patience.pause(deaths) for deaths in range(6)] == [0.5, 0.5, 1.0, 2.0, 3.0, 3.0]

    def test_stops_all_in_reverse_order(self, tmp_path: Path) -> None:
        order = tmp_path / "order"
        supervisor = Supervisor(lambda _line: None)
        for name in ("database", "worker", "web"):
            supervisor.start(program(tmp_path, NOTES_ITS_END, str(order), name, name=name))
        for name in ("database", "worker", "web"):
            wait_for(lambda name=name: last_line(tmp_path / f"{name}.log") == "up")
        supervisor.stop()
        assert lines(order) == ["web", "worker", "database"]

    def test_does_not_stop_what_somebody_else_started(self, tmp_path: Path) -> None:
        ours = start(program(tmp_path, WAITS, str(tmp_path / "pids")))
        supervisor = Supervisor(lambda _line: None)
        supervisor.watch(type(ours)(ours.program, ours.pid, None))
        supervisor.stop()
        assert ours.alive()
        stop(ours)

    def test_reports_the_last_line_of_a_step_that_fails(self, tmp_path: Path) -> None:
        fails = "import sys; print('starting', flush=True); sys.exit('table is missing')"
        supervisor = Supervisor(lambda _line: None)
        with pytest.raises(CannotStart, match=r"migrate failed: table is missing \(.*\.log\)"):
            supervisor.run_once(program(tmp_path, fails, name="migrate"))


class TestProgram:
    def test_one_that_ignores_the_request_is_killed(self, tmp_path: Path) -> None:
        running = start(program(tmp_path, DEAF, seconds=0.2))
        wait_for(lambda: last_line(tmp_path / "child.log") == "up")
        stop(running)
        assert not running.alive()
        assert running.process is not None
        assert running.process.returncode == -signal.SIGKILL

    def test_a_command_that_is_missing_is_named(self, tmp_path: Path) -> None:
        lost = Program("web", ("/nowhere/granian",), tmp_path / "web.log", {}, tmp_path)
        with pytest.raises(CannotStart, match=r"Cannot start web \(/nowhere/granian\): No such"):
            start(lost)

    def test_ends_with_the_process_that_started_it_even_when_that_is_killed(
        self, tmp_path: Path
    ) -> None:
        pids = tmp_path / "pids"
        code = (
            "import os, sys, time; from pathlib import Path\n"
            "from revops.embedded.programs import Program, start\n"
            "here = Path(sys.argv[1])\n"
            "start(Program('child', (sys.executable, '-c', sys.argv[2], str(here / 'pids')),\n"
            "    here / 'child.log', dict(os.environ), here)); time.sleep(60)"
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        parent = start(
            Program(
                "parent",
                (sys.executable, "-c", code, str(tmp_path), WAITS),
                tmp_path / "parent.log",
                environment,
                tmp_path,
            )
        )
        wait_for(lambda: lines(pids))
        child = psutil.Process(int(lines(pids)[0]))
        os.kill(parent.pid, signal.SIGKILL)
        wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
        stop(parent)

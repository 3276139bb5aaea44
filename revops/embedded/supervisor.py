"""Keeps processes alive, and stops them in reverse order when asked.

One thread, no threads of its own: the caller ticks. A process that dies is started again after a
pause that doubles; one that keeps dying right after its start ends the whole with one line, since
a console without its worker or its database only looks as if it worked.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from revops.embedded import programs
from revops.embedded.programs import Program, Running, last_line
from revops.embedded.trouble import CannotStart


class StopAsked(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal. Not an Exception: no `except Exception` may eat it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """When to start again and when to give up, in seconds."""

    first_pause: float = 0.5
    longest_pause: float = 10.0
    # A life shorter than this is a failed start; so many of them in a row are the end.
    quick: float = 30.0
    quick_deaths: int = 5

    def pause(self, deaths: int) -> float:
        return float(min(self.longest_pause, self.first_pause * 2 ** max(0, deaths - 1)))


@dataclass(slots=True)
class _Child:
    running: Running
    born: float
    quick_deaths: int = 0
    again_at: float | None = None


@dataclass(slots=True)
class Supervisor:
    """`say` gets one line for each thing a person should know."""

    say: Callable[[str], None]
    patience: Patience = field(default_factory=Patience)
    clock: Callable[[], float] = time.monotonic
    _children: list[_Child] = field(default_factory=list)
    _stops_asked: int = 0

    def start(self, program: Program) -> None:
        self.watch(programs.start(program))

    def watch(self, running: Running) -> None:
        """Take over a process that was started or found elsewhere."""
        self._children.append(_Child(running, self.clock()))

    def tick(self) -> None:
        """Look after everybody once. Raises CannotStart when one keeps dying."""
        now = self.clock()
        for child in self._children:
            if child.again_at is not None:
                if now >= child.again_at:
                    child.again_at = None
                    child.born = now
                    child.running = programs.start(child.running.program)
            elif not child.running.alive():
                self._bury(child, now)

    def run_until(self, done: Callable[[], bool], *, seconds: float) -> bool:
        """Tick until done; False when the time is over."""
        end = self.clock() + seconds
        while not done():
            if self.clock() >= end:
                return False
            self.tick()
            time.sleep(0.1)
        return True

    def run_once(self, program: Program) -> None:
        """Run a program to its end while looking after the others. CannotStart when it fails."""
        running = programs.start(program)
        try:
            while running.alive():
                self.tick()
                time.sleep(0.02)
        finally:
            programs.stop(running)
        if running.process is not None and running.process.returncode != 0:
            raise CannotStart(f"{program.name} failed: {last_line(program.log)} ({program.log})")

    def stop(self) -> None:
        """Stop what we started, the last one first; a second Ctrl-C while this runs kills."""
        while self._children:
            child = self._children.pop()
            if child.again_at is None and child.running.process is not None:
                programs.stop(child.running, hurried=lambda: self._stops_asked > 1)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Within it, the first request to stop raises StopAsked; later ones hurry `stop`."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._asked) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        self._stops_asked += 1
        if self._stops_asked == 1:
            raise StopAsked

    def _bury(self, child: _Child, now: float) -> None:
        running, program = child.running, child.running.program
        if running.process is not None:
            programs.kill_group(running)
        lived = now - child.born
        child.quick_deaths = child.quick_deaths + 1 if lived < self.patience.quick else 0
        if child.quick_deaths >= self.patience.quick_deaths:
            raise CannotStart(
                f"{program.name} stopped {child.quick_deaths} times right after its start: "
                f"{last_line(program.log)} ({program.log})"
            )
        pause = self.patience.pause(child.quick_deaths)
        child.again_at = now + pause
        self.say(f"{program.name} {_how(running.process)}; starting it again in {pause:.1f} s")


def _how(process: subprocess.Popen[bytes] | None) -> str:
    if process is None:
        return "is gone"
    code = process.returncode
    return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"

"""
Virtual time. Tasks are generators that belong to processes; a process can be killed or frozen.

A task yields what it waits for: ``Step`` (time passes, and something may happen to its process
meanwhile), ``Nap`` (a wake ends it early), ``Join`` (other tasks of the same process, a few at a
time) or ``Die``. What happens next is decided by the seed alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, TypeVar


@dataclass(frozen=True, slots=True)
class Step:
    """``seconds`` pass; ``where`` names the place in the protocol that the task has reached."""

    seconds: float
    where: str


@dataclass(frozen=True, slots=True)
class Nap:
    """Sleep, unless ``Engine.wake`` comes first."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Join:
    """Run tasks at the same time, at most ``limit`` of them; the results come back in order."""

    tasks: Sequence[Task[Any]]
    limit: int


@dataclass(frozen=True, slots=True)
class Die:
    """The process ends here, as by a segmentation fault."""


Request: TypeAlias = Step | Nap | Join | Die
_T = TypeVar("_T")
Task: TypeAlias = Generator[Request, Any, _T]


@dataclass(slots=True, eq=False)
class _Running:
    """A task and its turn: whatever was scheduled for an earlier turn is void."""

    process: Process
    task: Task[Any]
    done: Callable[[Any], None] | None
    turn: int = 0


@dataclass(slots=True, eq=False)
class Process:
    """``life`` grows with each kill, so that others can tell a process from its successor."""

    name: str
    life: int = 0
    frozen_until: float = -1.0
    napping: _Running | None = None
    held: list[tuple[_Running, int, Any]] = field(default_factory=list)
    running: dict[_Running, None] = field(default_factory=dict)


class Engine:
    """The clock, the queue of what happens when, and the processes' lives. Times are seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        # Called at every Step, at the moment at which the task reached it; may kill or freeze.
        self.disturb: Callable[[Process, str], None] = lambda process, where: None
        self.died: Callable[[Process], None] = lambda process: None
        self._queue: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._count = 0
        self._stopped = False

    def at(self, when: float, call: Callable[..., object], *arguments: Any) -> None:
        self._count += 1
        heapq.heappush(self._queue, (max(when, self.now), self._count, call, arguments))

    def after(self, seconds: float, call: Callable[..., object], *arguments: Any) -> None:
        self.at(self.now + seconds, call, *arguments)

    def run(self, until: float) -> None:
        """Let time pass until ``until``, or until ``stop`` was called."""
        queue = self._queue
        while queue and not self._stopped and queue[0][0] <= until:
            self.now, _, call, arguments = heapq.heappop(queue)
            call(*arguments)

    def stop(self) -> None:
        self._stopped = True

    def start(
        self, process: Process, task: Task[Any], done: Callable[[Any], None] | None = None
    ) -> None:
        running = _Running(process, task, done)
        process.running[running] = None
        self.at(self.now, self._resume, running, running.turn, None)

    def kill(self, process: Process) -> None:
        """As ``kill -9``: nothing of it runs on; what it had sent is on its way."""
        if not process.running:
            return
        process.life += 1
        process.frozen_until = -1.0
        process.napping = None
        process.held.clear()
        running, process.running = process.running, {}
        for each in running:
            each.task.close()
        self.died(process)

    def freeze(self, process: Process, seconds: float) -> None:
        """As a stopped machine: it goes on later, believing that no time has passed."""
        until = max(process.frozen_until, self.now + seconds)
        process.frozen_until = until
        self.at(until, self._melt, process, until)

    def thaw(self, process: Process) -> None:
        process.frozen_until = -1.0
        held, process.held = process.held, []
        for running, turn, value in held:
            self.at(self.now, self._resume, running, turn, value)

    def _melt(self, process: Process, until: float) -> None:
        if process.frozen_until == until:
            self.thaw(process)

    def wake(self, process: Process) -> None:
        """End a nap; nothing when it is not napping."""
        running = process.napping
        if running is not None:
            process.napping = None
            self.at(self.now, self._resume, running, running.turn, None)

    def _resume(self, running: _Running, turn: int, value: Any) -> None:
        process = running.process
        if running.turn != turn or running not in process.running:
            return
        if process.frozen_until > self.now:
            process.held.append((running, turn, value))
            return
        running.turn += 1
        if process.napping is running:
            process.napping = None
        try:
            request = running.task.send(value)
        except StopIteration as end:
            del process.running[running]
            if running.done is not None:
                running.done(end.value)
            return
        match request:
            case Step(seconds, where):
                self.after(seconds, self._resume, running, running.turn, None)
                self.disturb(process, where)
            case Nap(seconds):
                process.napping = running
                self.after(seconds, self._resume, running, running.turn, None)
            case Join(tasks, limit):
                _Gathering(self, running, tasks, limit).launch()
            case Die():
                self.kill(process)

    def resume(self, running: _Running, value: Any) -> None:
        self.at(self.now, self._resume, running, running.turn, value)


class _Gathering:
    """Runs a Join's tasks; its parent goes on with all results."""

    def __init__(
        self, engine: Engine, parent: _Running, tasks: Sequence[Task[Any]], limit: int
    ) -> None:
        self._engine = engine
        self._parent = parent
        self._tasks = tasks
        self._free = limit
        self._next = 0
        self._missing = len(tasks)
        self._results: list[Any] = [None] * len(tasks)

    def launch(self) -> None:
        if not self._missing:
            self._engine.resume(self._parent, self._results)
            return
        while self._free and self._next < len(self._tasks):
            place, self._next, self._free = self._next, self._next + 1, self._free - 1
            self._engine.start(
                self._parent.process,
                self._tasks[place],
                partial(self._ended, place),
            )

    def _ended(self, place: int, value: Any) -> None:
        self._results[place] = value
        self._free += 1
        self._missing -= 1
        self.launch()

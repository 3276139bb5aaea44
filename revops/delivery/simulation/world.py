"""One seeded run: a database, a broker, workers, the target, and all that happens to them."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import Final

from revops.delivery.decide import LIVE, Policy
from revops.delivery.gate import GateRow
from revops.delivery.simulation.chaos import Chaos
from revops.delivery.simulation.engine import Engine, Process
from revops.delivery.simulation.oracle import Oracle, Verdict
from revops.delivery.simulation.people import People
from revops.delivery.simulation.protocol import Protocol
from revops.delivery.simulation.source import HAPPENING, Source
from revops.delivery.simulation.store import Store
from revops.delivery.simulation.target import CLIENT_TIMEOUT, Nature, Target
from revops.delivery.simulation.weather import Weather
from revops.delivery.simulation.worker import SWEEP, Worker
from revops.delivery.weekly import over_at

WORKERS: Final = 4
MAX_IN_FLIGHT: Final = 4
RATE: Final = 20
# Faults go on for a while after the last event.
ROUGH_UNTIL: Final = HAPPENING + 700.0
# A person's look at the queue, and a second of work for each command that is left.
HANDLING: Final = 60.0


class Broker:
    """Messages that hold an id. It forgets, and nothing but time may be lost with them."""

    def __init__(self, engine: Engine, rng: random.Random, store: Store) -> None:
        self._engine = engine
        self._rng = rng
        self._store = store
        self._queue: deque[int] = deque()
        self._epoch = 0
        self.processes: list[Process] = []

    def send(self, command_id: int, epoch: int | None = None) -> None:
        if epoch is not None and epoch != self._epoch:
            return
        self._queue.append(command_id)
        idle = [process for process in self.processes if process.napping is not None]
        if idle:
            self._engine.wake(self._rng.choice(idle))

    def take(self) -> int | None:
        return self._queue.popleft() if self._queue else None

    def again(self, command_id: int) -> None:
        """A task's own retry: a message with a delay, which lives in the broker alone."""
        command = self._store.live.get(command_id)
        if command is None:
            return
        pause = self._rng.uniform(3, 8)
        if command.row.next_at is not None:
            pause = max(pause, (command.row.next_at - self._store.now()).total_seconds())
        self._engine.after(pause, self.send, command_id, self._epoch)

    def flush(self) -> None:
        self._queue.clear()
        self._epoch += 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated. ``settle`` is in seconds."""

    protocol: type[Protocol]
    nature: Nature
    settle: float
    lease: float = 60.0


class World:
    def __init__(self, plan: Plan, *, seed: int, events: int) -> None:
        rng = random.Random(seed)
        self.plan = plan
        self.engine = Engine()
        self.weather = Weather(rng)
        self.oracle = Oracle(self.engine, max_in_flight=MAX_IN_FLIGHT)
        gate = GateRow(max_in_flight=MAX_IN_FLIGHT, rate=RATE)
        self.store = Store(self.engine, self.weather, self.oracle, gate)
        self.target = Target(self.engine, self.weather, self.oracle, plan.nature)
        self.protocol = plan.protocol(
            Policy(lease=plan.lease, settle=plan.settle), drains=rng.choice((1, 1, 2, 4))
        )
        self.broker = Broker(self.engine, rng, self.store)
        self.poison: set[str] = set()
        self.source = Source(self, events)
        self.people = People(self)
        self.chaos = Chaos(self)
        self.engine.disturb = self.chaos.disturb
        self.engine.died = self._died
        for number in range(WORKERS):
            process = Process(f"worker {number}")
            self.broker.processes.append(process)
            self._spawn(process)

    def run(self) -> Verdict:
        """Rough weather, then fair weather for as long as the promise allows, then the verdict."""
        self.engine.run(ROUGH_UNTIL)
        self.weather.rough = False
        self.store.away_until = self.target.away_until = -1.0
        for process in self.broker.processes:
            self.engine.thaw(process)
        self.source.backfill()
        self.people.mend_everything()
        self._look_for_the_end()
        # The calls that were under way when the last fault struck still have to end.
        self.engine.run(ROUGH_UNTIL + CLIENT_TIMEOUT + 1)
        self.engine.run(self._promised())
        return self.oracle.verdict(self.store, self.source.expected)

    def _promised(self) -> float:
        """
        I16: settle window and two sweeps after the last fault, or after the last waiting time that
        had been given before, plus the time to work through what is left.
        """
        gate, now = self.store.gate, self.store.now()
        waits = [gate.not_before, gate.retry_at, gate.window_to, gate.paused_until]
        waits.append(over_at(gate.weekly, now=now))
        for command in self.store.live.values():
            waits += [command.row.next_at, command.row.settle_until]
        given = [(until - now).total_seconds() for until in waits if until is not None]
        longest = max([self.plan.settle, self.plan.lease, *given])
        return self.engine.now + longest + 2 * SWEEP + HANDLING + len(self.store.live)

    def _look_for_the_end(self) -> None:
        over = all(
            command.row.state not in LIVE and not self.people.can_mend(command)
            for command in self.store.commands
        )
        if over:
            self.engine.stop()
        else:
            self.engine.after(5.0, self._look_for_the_end)

    def _spawn(self, process: Process) -> None:
        self.engine.start(process, Worker(self, process).run())

    def _died(self, process: Process) -> None:
        self.engine.after(self.weather.rng.uniform(1, 20), self._spawn, process)

"""What happens to machines: kills, pauses, restarts, flushes, outages, windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from revops.delivery.gate import GateRow
from revops.delivery.simulation.engine import Process
from revops.delivery.weekly import Weekly

if TYPE_CHECKING:
    from revops.delivery.simulation.world import World

# At each named place of a worker's way.
KILL: Final = 0.012
FREEZE: Final = 0.025
BETWEEN: Final = 40.0


class Chaos:
    def __init__(self, world: World) -> None:
        self._world = world
        world.engine.after(20.0, self._strike)

    def disturb(self, process: Process, where: str) -> None:
        weather = self._world.weather
        if not weather.rough:
            return
        point = weather.rng.random()
        if point < KILL:
            weather.counts[f"kill: {where}"] += 1
            self._world.engine.kill(process)
        elif point < KILL + FREEZE:
            self._freeze(process, where)

    def _freeze(self, process: Process, where: str) -> None:
        """Short ones end within the time to send, long ones after lease and settle window."""
        weather = self._world.weather
        weather.counts[f"pause: {where}"] += 1
        longest = 20.0 if weather.rng.random() < 0.4 else 600.0
        self._world.engine.freeze(process, weather.rng.uniform(1.0, longest))

    def _strike(self) -> None:
        world = self._world
        weather, engine = world.weather, world.engine
        if not weather.rough:
            return
        point = weather.rng.random()
        now = world.store.now()
        if point < 0.3:
            weather.counts["broker flushed"] += 1
            world.broker.flush()
        elif point < 0.55:
            weather.counts["database restart"] += 1
            world.store.away_until = engine.now + weather.rng.uniform(1, 25)
        elif point < 0.75:
            weather.counts["kill: any time"] += 1
            engine.kill(weather.rng.choice(world.broker.processes))
        elif point < 0.85:
            self._freeze(weather.rng.choice(world.broker.processes), "any time")
        elif point < 0.93:
            weather.counts["target outage"] += 1
            world.target.away_until = engine.now + weather.rng.uniform(20, 150)
        elif point < 0.97:
            weather.counts["maintenance window"] += 1
            until = now + timedelta(seconds=weather.rng.uniform(30, 200))
            world.store.gate = _announced(world.store.gate, now, until)
        else:
            weather.counts["sending paused"] += 1
            until = now + timedelta(seconds=weather.rng.uniform(30, 200))
            world.store.gate = replace(world.store.gate, paused_at=now, paused_until=until)
        engine.after(weather.soon(BETWEEN), self._strike)


def _announced(gate: GateRow, since: datetime, until: datetime) -> GateRow:
    """In turn a window for once, and one that comes each week and is on now."""
    if gate.window_to is None:
        return replace(gate, window_from=since, window_to=until)
    minutes = (until - since) // timedelta(minutes=1) + 1
    weekly = Weekly(since.weekday(), since.time().replace(second=0, microsecond=0), minutes, "UTC")
    return replace(gate, window_to=None, weekly=(*gate.weekly, weekly))

"""
Billing: facts happen, webhooks tell of them more or less, and a poll finds what they did not.

A fact is stored once, by its business key, with the command that it causes in one transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from revops.delivery.simulation.store import DatabaseAway

if TYPE_CHECKING:
    from revops.delivery.simulation.store import Command
    from revops.delivery.simulation.world import World

# Seconds in which the facts of a run happen.
HAPPENING: Final = 1800.0
POLL: Final = 240.0
OVERLAP: Final = 900.0


class Source:
    def __init__(self, world: World, events: int) -> None:
        self._world = world
        self._happened: list[tuple[float, str]] = []
        self.expected: dict[str, str] = {}
        rng, when = world.weather.rng, 0.0
        for number in range(events):
            # Half of them come in bursts, as a billing run makes them.
            when = when + rng.uniform(0, 2) if rng.random() < 0.5 else rng.uniform(0, HAPPENING)
            world.engine.at(min(when, HAPPENING), self._happen, f"invoice {number}")
        world.engine.after(POLL, self._poll)

    def backfill(self) -> None:
        """Everything that ever happened is offered once more."""
        for _, key in self._happened:
            self._deliver(key, 0)

    def _happen(self, key: str) -> None:
        world, weather = self._world, self._world.weather
        self.expected[key] = f"content of {key}"
        self._happened.append((world.engine.now, key))
        copies = 1 + (weather.rng.random() < 0.3) + (weather.rng.random() < 0.1)
        for _ in range(copies):
            if not weather.strikes("webhook lost", 0.05):
                world.engine.after(weather.soon(20), self._deliver, key, 0)
        world.people.concern(key)

    def _poll(self) -> None:
        since = self._world.engine.now - OVERLAP
        for happened, key in self._happened:
            if happened >= since:
                self._deliver(key, None)
        self._world.engine.after(POLL, self._poll)

    def _deliver(self, key: str, tries: int | None) -> None:
        """``tries`` of a sender who comes again when we could not store it; a poll has no need."""
        world = self._world

        def store(now: datetime) -> Command | None:
            return world.store.add(key, self.expected[key], now)

        try:
            command = world.store.transaction(store)
        except DatabaseAway:
            if tries is not None:
                world.engine.after(10 * 2 ** min(tries, 8), self._deliver, key, tries + 1)
            return
        if command is not None and not world.weather.strikes("hint lost", 0.02):
            world.broker.send(command.id)

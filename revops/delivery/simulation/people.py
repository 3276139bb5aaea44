"""
People: they mend what was refused and retry it, ask about what is in doubt, change their minds, and
now and then make a document in the other system by hand.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from revops.delivery import decide
from revops.delivery import gate as gates
from revops.delivery.decide import State
from revops.delivery.gate import Breaker
from revops.delivery.simulation.store import Command, DatabaseAway

if TYPE_CHECKING:
    from revops.delivery.simulation.world import World

ROUND: Final = 30.0


class People:
    def __init__(self, world: World) -> None:
        self._world = world
        self._eager = False
        world.engine.after(ROUND, self._round)

    def concern(self, key: str) -> None:
        """What people will do about a fact, decided when it happens."""
        world, rng = self._world, self._world.weather.rng
        if rng.random() < 0.04:
            world.target.refused.add(key)
        if rng.random() < 0.01:
            world.poison.add(key)
        if rng.random() < 0.03:
            world.engine.after(rng.uniform(0, 300), self._cancel, key)
        if world.plan.nature.unique and rng.random() < 0.03:
            world.engine.after(
                rng.uniform(0, 30), world.target.enter_by_hand, key, f"another content of {key}"
            )

    def mend_everything(self) -> None:
        """From now on nobody leaves a case for later."""
        self._eager = True
        self._world.target.refused.clear()
        self._world.poison.clear()

    def can_mend(self, command: Command) -> bool:
        return decide.retry(command.row, now=self._world.store.now()) is not None

    def _round(self) -> None:
        world, rng = self._world, self._world.weather.rng
        for command in world.store.commands:
            if command.row.state is State.EXCEPTION and (self._eager or rng.random() < 0.2):
                world.target.refused.discard(command.key)
                world.poison.discard(command.key)
                self._change(command, "retry")
            elif command.row.state is State.UNKNOWN and rng.random() < 0.2:
                self._change(command, "check now")
        if world.store.gate.breaker is Breaker.OPEN and rng.random() < 0.1:
            self._trial()
        world.engine.after(ROUND, self._round)

    def _change(self, command: Command, wish: str) -> None:
        world = self._world

        def change(now: datetime) -> None:
            act = decide.retry if wish == "retry" else decide.check_now
            row = act(command.row, now=now)
            if row is not None:
                world.weather.counts[wish] += 1
                world.store.by_person(command, row)

        try:
            world.store.transaction(change)
        except DatabaseAway:
            return
        world.broker.send(command.id)

    def _cancel(self, key: str) -> None:
        world = self._world
        command = world.store.by_key.get(key)
        if command is None:
            return

        def cancel(now: datetime) -> None:
            row = decide.cancel(command.row)
            if row is not None:
                world.weather.counts["cancelled"] += 1
                world.store.by_person(command, row)

        try:
            world.store.transaction(cancel)
        except DatabaseAway:
            return

    def _trial(self) -> None:
        world = self._world

        def trial(now: datetime) -> None:
            world.store.gate = gates.trial(world.store.gate, now=now)

        try:
            world.store.transaction(trial)
        except DatabaseAway:
            return

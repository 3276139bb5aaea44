"""
The database of the simulation: commands, their attempts, the gate and who drains it.

A transaction happens at one instant, whole or not at all. The server may be away, and it may commit
without the client learning of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from connectors.contract import Outcome
from revops.delivery.decide import LIVE, Row, State
from revops.delivery.gate import GateRow
from revops.delivery.simulation.engine import Engine
from revops.delivery.simulation.oracle import Oracle
from revops.delivery.simulation.weather import Weather

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
COMMIT_UNKNOWN: Final = 0.004

_T = TypeVar("_T")


class DatabaseAway(Exception):
    """Not executed, or executed and not confirmed: the caller cannot know which."""


@dataclass(slots=True)
class Attempt:
    """One send, written before it; ``outcome`` is filled in once."""

    number: int
    fence: int
    intended_at: datetime
    settle_until: datetime
    outcome: Outcome | None = None


@dataclass(slots=True, eq=False)
class Command:
    """``digest`` stands for the content that the target should hold."""

    id: int
    key: str
    digest: str
    row: Row
    attempts: list[Attempt] = field(default_factory=list)


class Store:
    """All access is through ``transaction``, whose work is given the database's clock."""

    def __init__(self, engine: Engine, weather: Weather, oracle: Oracle, gate: GateRow) -> None:
        self._engine = engine
        self._weather = weather
        self._oracle = oracle
        self.gate = gate
        self.drains: dict[str, datetime] = {}
        self.commands: list[Command] = []
        self.live: dict[int, Command] = {}
        self.by_key: dict[str, Command] = {}
        self.away_until = -1.0

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._engine.now)

    def transaction(self, work: Callable[[datetime], _T]) -> _T:
        """Raises DatabaseAway."""
        if self._engine.now < self.away_until:
            self._weather.counts["database away"] += 1
            raise DatabaseAway
        result = work(self.now())
        if self._weather.strikes("commit unknown", COMMIT_UNKNOWN):
            raise DatabaseAway
        return result

    def add(self, key: str, digest: str, now: datetime) -> Command | None:
        """None when the business key is known: it is unique."""
        if key in self.by_key:
            return None
        row = Row(State.PENDING, next_at=now)
        command = Command(len(self.commands), key, digest, row)
        self.commands.append(command)
        self.by_key[key] = self.live[command.id] = command
        return command

    def save(self, command: Command, row: Row) -> None:
        before, command.row = command.row, row
        if row.state in LIVE:
            self.live[command.id] = command
        else:
            self.live.pop(command.id, None)
        self._oracle.saved(command, before)

    def claimed(self, command: Command, held: Row, stored: Row) -> None:
        """``held`` is what the worker has, ``stored`` what others see of it."""
        self._oracle.claiming(command, held, self.gate, self.now())
        self.save(command, stored)
        assert held.next_at is not None
        self._oracle.leased(command, held.next_at)

    def intended(self, command: Command, row: Row, now: datetime) -> None:
        """Write-ahead: the row and its attempt, together."""
        self._oracle.intending(command, now)
        self.save(command, row)
        assert row.next_at is not None
        assert row.settle_until is not None
        self._oracle.leased(command, row.next_at)
        number = command.attempts[-1].number + 1 if command.attempts else 1
        command.attempts.append(Attempt(number, row.fence, now, row.settle_until))

    def by_person(self, command: Command, row: Row) -> None:
        """A person's change takes the command from whoever holds it."""
        self.save(command, replace(row, fence=command.row.fence + 1))

"""
Watches a run and judges its end. It sees everything and shares no decision with the core.

The invariants are numbered as in docs/reliability.md. ``breaches`` counts them by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.contract import Outcome
from revops.delivery.decide import LIVE, Row, State
from revops.delivery.gate import Breaker, GateRow
from revops.delivery.simulation.engine import Engine, Process
from revops.delivery.weekly import Weekly

if TYPE_CHECKING:
    from revops.delivery.simulation.store import Command, Store
    from revops.delivery.simulation.target import Document, Target

# Answers after which nothing of the attempt can still appear.
_CONCLUSIVE = frozenset(Outcome) - {Outcome.OK, Outcome.ALREADY_DONE, Outcome.IN_DOUBT}


@dataclass(slots=True)
class Verdict:
    """
    ``lost``: no document in the target's books, and nobody was told. ``duplicated``: documents of
    ours too many. ``wrong``: posted, with other content. ``false_posted``: said to be posted, and
    there is no such document. ``stuck``: neither done nor with a person who could do nothing about
    it, though time enough had passed without faults.
    """

    lost: int = 0
    duplicated: int = 0
    wrong: int = 0
    false_posted: int = 0
    stuck: int = 0
    breaches: Counter[str] = field(default_factory=Counter)

    @property
    def bad(self) -> bool:
        harm = self.lost + self.duplicated + self.wrong + self.false_posted + self.stuck
        return bool(harm or self.breaches)


class Oracle:
    target: Target

    def __init__(self, engine: Engine, *, max_in_flight: int) -> None:
        self.breaches: Counter[str] = Counter()
        self._engine = engine
        self._max_in_flight = max_in_flight
        self._leases: dict[int, datetime] = {}
        self._asked: dict[int, datetime] = {}
        self._calls: list[tuple[float, Process, int]] = []

    # What happens in the database.

    def saved(self, command: Command, before: Row) -> None:
        self._leases.pop(command.id, None)
        after = command.row
        if after.fence < before.fence:
            self.breaches["I8 fence fell"] += 1
        if before.state in (State.POSTED, State.CANCELLED) and after.state is not before.state:
            self.breaches["end state left"] += 1
        if after.state is State.POSTED is not before.state and not self._proved(command):
            self.breaches["I4 posted without proof"] += 1

    def claiming(self, command: Command, held: Row, gate: GateRow, now: datetime) -> None:
        until = self._leases.get(command.id)
        if until is not None and until > now:
            self.breaches["I8 second lease"] += 1
        if held.fence <= command.row.fence:
            self.breaches["I8 fence stood still"] += 1
        if _closed(gate, now):
            self.breaches["claimed at a closed gate"] += 1

    def leased(self, command: Command, until: datetime) -> None:
        self._leases[command.id] = until

    def intending(self, command: Command, now: datetime) -> None:
        """I9: after an unanswered attempt, only an answer given after its settle window counts."""
        last = command.attempts[-1] if command.attempts else None
        if last is None or last.outcome in _CONCLUSIVE:
            return
        asked = self._asked.get(command.id)
        if asked is None or asked < last.settle_until:
            self.breaches["I9 sent again without asking"] += 1

    # What happens at the target.

    def calling(self, process: Process, seconds: float) -> None:
        now = self._engine.now
        self._calls = [call for call in self._calls if call[0] > now and call[1].life == call[2]]
        # A hair less, since the caller adds up the same seconds in pieces.
        self._calls.append((now + seconds - 1e-6, process, process.life))
        if len(self._calls) > self._max_in_flight:
            self.breaches["I15 too many calls"] += 1

    def sending(self, command: Command, fence: int) -> None:
        if all(attempt.fence != fence for attempt in command.attempts):
            self.breaches["I6 sent without intent"] += 1

    def asked(self, command: Command, now: datetime) -> None:
        """The target looks for it now."""
        self._asked[command.id] = now

    def created(self, documents: list[Document]) -> None:
        """Another document under a key, ours."""
        if sum(document.ours for document in documents) > 1:
            self.breaches["I3 second document"] += 1

    def _proved(self, command: Command) -> bool:
        document = self.target.documents.get(command.row.external_id or "")
        return (
            document is not None
            and document.key == command.key
            and document.digest == command.digest
            and document.posted_at is not None
        )

    # The end.

    def verdict(self, store: Store, expected: Mapping[str, str]) -> Verdict:
        """``expected``: the content of each business key that happened."""
        end = Verdict(breaches=self.breaches)
        if len(store.by_key) != len(store.commands):
            end.breaches["I2 two commands for one fact"] += 1
        for command in store.commands:
            numbers = [attempt.number for attempt in command.attempts]
            if numbers != list(range(1, command.row.attempts + 1)):
                end.breaches["I7 gap in attempts"] += 1
        for key, digest in expected.items():
            self._judge(end, store.by_key.get(key), key, digest)
        return end

    def _judge(self, end: Verdict, command: Command | None, key: str, digest: str) -> None:
        documents = self.target.by_key.get(key, [])
        ours = [document for document in documents if document.ours]
        end.duplicated += max(0, len(ours) - 1)
        state = command.row.state if command is not None else None
        if command is not None and state is State.CANCELLED:
            if ours:
                end.breaches["cancelled, and in the books"] += 1
            return
        if command is not None and state is State.EXCEPTION:
            foreign = len(documents) > len(ours)
            # Somebody else's document under our key is rightly a case; everything else was retried.
            end.stuck += not (foreign and command.row.code in ("conflict", "duplicate"))
            return
        end.lost += not any(document.posted_at is not None for document in ours)
        end.stuck += state is None or state in LIVE
        if command is not None and state is State.POSTED:
            proof = self.target.documents.get(command.row.external_id or "")
            there = proof is not None and proof.key == key and proof.posted_at is not None
            end.false_posted += not there
            end.wrong += proof is not None and proof.digest != digest


def _closed(gate: GateRow, now: datetime) -> bool:
    paused = gate.paused_at is not None and (gate.paused_until is None or now < gate.paused_until)
    window = (gate.window_from, gate.window_to)
    waiting = (gate.not_before, gate.retry_at if gate.breaker is Breaker.OPEN else None)
    return (
        paused
        or (window[0] is not None and window[1] is not None and window[0] <= now < window[1])
        or any(until is not None and now < until for until in waiting)
        or any(_on(window, now) for window in gate.weekly)
    )


def _on(window: Weekly, now: datetime) -> bool:
    """The simulation's windows are in UTC, where no clock changes: plain counting will do."""
    began = timedelta(days=window.day, hours=window.starts.hour, minutes=window.starts.minute)
    passed = timedelta(days=now.weekday(), hours=now.hour, minutes=now.minute) - began
    return passed % timedelta(weeks=1) < timedelta(minutes=window.minutes)

"""
A worker: looks for what is due, claims it, asks about what is in doubt, sends the rest.

Every place at which it can die or stop is a ``Step`` with a name; C1 to C7 of docs/reliability.md
are among them. No transaction is open while it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from connectors.contract import CallFailed, Outcome, Receipt
from revops.delivery import decide
from revops.delivery import gate as gates
from revops.delivery.decide import Next, State
from revops.delivery.simulation.engine import Die, Join, Nap, Process, Step, Task
from revops.delivery.simulation.store import DatabaseAway
from revops.delivery.simulation.work import Ending, Heard, Work
from revops.kernel.backoff import full_jitter

if TYPE_CHECKING:
    from revops.delivery.simulation.world import World

SWEEP: Final = 15.0
BATCH: Final = 16
RECORD_TRIES: Final = 3


class Worker:
    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process
        self._protocol = world.protocol
        self._share = max(1, world.store.gate.max_in_flight // world.protocol.drains)

    def run(self) -> Task[None]:
        engine, broker = self._world.engine, self._world.broker
        yield Nap(self._world.weather.rng.uniform(0, SWEEP))
        sweep_at = engine.now
        while True:
            hint = broker.take()
            if hint is not None:
                yield from self._drain(hint)
            elif self._protocol.sweeps and engine.now >= sweep_at:
                sweep_at = engine.now + SWEEP
                yield from self._drain(None)
            else:
                yield Nap(max(0.1, sweep_at - engine.now) if self._protocol.sweeps else SWEEP)

    def _drain(self, hint: int | None) -> Task[None]:
        store = self._world.store
        while True:
            yield Step(0.005, "looking")
            began = self._world.engine.now
            try:
                batch = store.transaction(lambda now: self._claim(hint, now))
            except DatabaseAway:
                yield Step(1.0, "database away")
                break
            if not batch:
                break
            yield Step(0.01, "claimed")
            yield from self._work(batch, began)
            if not self._protocol.sweeps:
                break
        if hint is not None and not self._protocol.sweeps:
            self._world.broker.again(hint)
        try:
            store.transaction(lambda now: store.drains.pop(self._process.name, None))
        except DatabaseAway:
            return

    def _claim(self, hint: int | None, now: datetime) -> list[Work]:
        store, protocol = self._world.store, self._protocol
        if not protocol.take(store, self._process.name, now):
            return []
        gate, allowance = protocol.allow(store.gate, now=now, most=BATCH)
        batch: list[Work] = []
        for command in protocol.due(store, hint, now)[: allowance.count]:
            # A suspect travels alone, so that others are not counted down with it.
            if batch and (command.row.crash_count or batch[0].row.crash_count):
                break
            claim = protocol.claim(command.row, now=now)
            if claim is None:
                continue
            held, purpose = claim
            store.claimed(command, held, protocol.claimed(command.row, held))
            batch.append(Work(command, held, purpose))
        if batch:
            store.gate = gate
        return batch

    def _work(self, batch: Sequence[Work], began: float) -> Task[None]:
        endings = [Ending(w, decide.wait(w.row)) for w in batch if w.next is Next.WAIT]
        endings += [Ending(w, decide.give_up(w.row)) for w in batch if w.next is Next.GIVE_UP]
        reads = [work for work in batch if work.next is Next.READ]
        heard: list[Heard] = []
        if reads:
            answers, heard = yield from self._ask(reads, began)
            endings += answers
        if endings:
            yield from self._record(endings, heard)
        sends = [work for work in batch if work.next is Next.SEND]
        if sends:
            endings = yield from self._send(sends)
            yield from self._record(endings)

    def _ask(self, batch: Sequence[Work], began: float) -> Task[tuple[list[Ending], list[Heard]]]:
        """Questions have a deadline too: the drain that allows them was taken with the claim."""
        world = self._world
        asked_at = world.store.now()
        yield Step(0.02, "about to ask")
        try:
            if not self._protocol.in_time(started=began, now=world.engine.now):
                raise CallFailed(Outcome.NOT_SENT, "The time to ask had passed.")
            found = yield from world.target.find(
                self._process, [work.command for work in batch], world.store
            )
        except CallFailed as failure:
            throttled = failure.outcome is Outcome.THROTTLED
            heard = [(failure.outcome, failure.retry_after)] if throttled else []
            return [self._unanswered(work, failure) for work in batch], heard
        now = world.store.now()
        rows = [
            self._protocol.answered(
                work.row,
                found.get(work.command.key, ()),
                digest=work.command.digest,
                now=now,
                asked_at=asked_at,
            )
            for work in batch
        ]
        return list(map(Ending, batch, rows)), [(Outcome.OK, None)]

    def _unanswered(self, work: Work, failure: CallFailed) -> Ending:
        random = self._world.weather.rng.random()
        pause = failure.retry_after or full_jitter(attempt=work.row.attempts, random=random)
        now = self._world.store.now()
        return Ending(
            work, decide.read_failed(work.row, now=now, wait_for=pause, reason=failure.reason)
        )

    def _send(self, batch: Sequence[Work]) -> Task[list[Ending]]:
        world, protocol = self._world, self._protocol
        # Read before the intent: a pause in between shortens the time to send.
        started = world.engine.now
        yield Step(0.01, "about to intend")

        def intend(now: datetime) -> list[Work]:
            still = [work for work in batch if protocol.ours(work.command.row, work.row)]
            if not protocol.take(world.store, self._process.name, now):
                for work in still:
                    released = decide.release(work.row, now=now)
                    world.store.save(work.command, replace(released, fence=work.command.row.fence))
                return []
            for work in still:
                work.row = protocol.intend(work.row, now=now)
                if work.row.state is State.SENDING:
                    world.store.intended(work.command, work.row, now)
            return still

        try:
            held = world.store.transaction(intend)
        except DatabaseAway:
            return []
        yield Step(0.01, "intent stored")
        receipts = yield Join([self._call(work, started) for work in held], self._share)
        yield Step(0.01, "answered")
        return [
            Ending(
                work,
                protocol.conclude(
                    work.row, receipt, now=world.store.now(), random=world.weather.rng.random()
                ),
                receipt,
            )
            for work, receipt in zip(held, receipts, strict=True)
        ]

    def _call(self, work: Work, started: float) -> Task[Receipt]:
        world = self._world
        if work.command.key in world.poison:
            world.weather.counts["poison"] += 1
            yield Die()
        receipt = yield from world.target.send(
            self._process,
            work.command,
            fence=work.row.fence,
            drafted=work.row.drafted_id,
            in_time=lambda: self._protocol.in_time(started=started, now=world.engine.now),
        )
        return receipt

    def _record(self, endings: Sequence[Ending], heard: Sequence[Heard] = ()) -> Task[None]:
        """Written until it is known to be written; what others have taken over is dropped."""
        for _ in range(RECORD_TRIES):
            try:
                self._world.store.transaction(self._recording(endings, heard))
            except DatabaseAway:
                yield Step(1.0, "record not confirmed")
            else:
                break
        yield Step(0.01, "recorded")

    def _recording(
        self, endings: Sequence[Ending], heard: Sequence[Heard]
    ) -> Callable[[datetime], None]:
        store, weather = self._world.store, self._world.weather

        def record(now: datetime) -> None:
            outcomes = list(heard)
            for ending in endings:
                command, receipt = ending.work.command, ending.receipt
                if receipt is not None:
                    outcomes.append((receipt.outcome, receipt.retry_after))
                    ending.work.fill(receipt.outcome)
                if not self._protocol.ours(command.row, ending.work.row):
                    weather.counts["result dropped"] += 1
                    continue
                store.save(command, replace(ending.row, fence=command.row.fence))
            if outcomes:
                store.gate = gates.observe(
                    store.gate, outcomes, now=now, random=weather.rng.random()
                )

        return record

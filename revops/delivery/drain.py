"""
One drain per connection: claim a batch, store the intents, send, record, until nothing is due.

Every step commits before the next one begins, and no transaction is open while a call is made, so
that the process may die anywhere: whatever it held is found by its lease. Calls run concurrently in
an event loop that is entered for them alone; the database is used between them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import connection as database

from connectors import excerpts
from connectors.contract import CallFailed, Command, CommandSink, Found, Outcome, Receipt, Settings
from connectors.http import Client, NotSent
from connectors.manifest import Manifest
from revops.delivery import claims, decide, gates
from revops.delivery.claims import Ending, Work
from revops.delivery.decide import Next, Policy
from revops.delivery.gate import GateRow
from revops.kernel import correlation, strict_json
from revops.kernel.backoff import full_jitter
from revops.store import crash, sql

log = structlog.get_logger(__name__)

POLL = 0.008
SMALL = 20


@dataclass(frozen=True, slots=True)
class Target:
    """A connection, as its drain needs it."""

    connection_id: int
    sink: CommandSink
    settings: Settings
    manifest: Manifest
    open_client: Callable[[], Client]
    lease: float
    settle_scale: float = 1.0

    @property
    def policy(self) -> Policy:
        return Policy(lease=self.lease, settle=self.manifest.settle_window_s * self.settle_scale)


Told = Callable[[Target, Sequence[Ending], GateRow], None]
Heard = tuple[Outcome, int | None]


class Drain:
    """
    Sends what is due to one connection. ``told`` is called inside the transaction that records a
    batch's endings, so that whatever follows from them is stored together with them.
    """

    def __init__(self, target: Target, *, drainer: str, told: Told) -> None:
        self._target = target
        self._drainer = drainer
        self._told = told
        self._sent = 0
        self._at_once = 1

    def run(self, *, seconds: float, linger: float) -> int:
        """
        Work until nothing has been due for ``linger`` seconds, the gate says wait, or ``seconds``
        are over. How many commands were worked on; 0 as well when somebody else drains.
        """
        target = self._target
        if not gates.take(target.connection_id, drainer=self._drainer, lease=target.lease):
            return 0
        try:
            with asyncio.Runner() as runner:
                self._loop(runner, stop=time.monotonic() + seconds, linger=linger)
        finally:
            gates.leave(target.connection_id, drainer=self._drainer)
        return self._sent

    def _loop(self, runner: asyncio.Runner, *, stop: float, linger: float) -> None:
        target = self._target
        try:
            client = target.open_client()
        except NotSent as error:
            log.error("delivery.address_refused", connection=target.settings.slug, why=str(error))
            return
        runner.run(client.__aenter__())
        try:
            idle_since = renewed = time.monotonic()
            while time.monotonic() < stop:
                if time.monotonic() - renewed > target.lease / 3:
                    gates.take(target.connection_id, drainer=self._drainer, lease=target.lease)
                    renewed = time.monotonic()
                batch = self._claim(max(target.manifest.max_batch, 200))
                if batch is None:
                    return
                if batch:
                    self._work(runner, client, batch)
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since >= linger:
                    return
                if len(batch) < SMALL:
                    # A batch costs nearly the same for one command as for ten: let a few gather.
                    time.sleep(POLL)
        finally:
            runner.run(client.__aexit__(None, None, None))

    def _claim(self, most: int) -> list[Work] | None:
        """None when the gate is shut: somebody comes back when it opens."""
        target = self._target
        allowance = gates.allow(target.connection_id, most=most)
        self._at_once = max(1, min(allowance.at_once, target.manifest.max_in_flight))
        if not allowance.count:
            return None
        batch, _ = claims.claim(
            connection_id=target.connection_id, most=allowance.count, lease=target.lease
        )
        if len(batch) < allowance.count:
            gates.refund(target.connection_id, allowance.count - len(batch))
        return batch

    def _work(self, runner: asyncio.Runner, client: Client, batch: Sequence[Work]) -> None:
        crash.point("after_claim")
        self._sent += len(batch)
        endings = [
            Ending(
                work, decide.wait(work.row) if work.next is Next.WAIT else decide.give_up(work.row)
            )
            for work in batch
            if work.next in (Next.WAIT, Next.GIVE_UP)
        ]
        asked, heard = self._ask(runner, client, [work for work in batch if work.next is Next.READ])
        endings += asked
        if endings:
            self._record(endings, heard)
        sends = [work for work in batch if work.next is Next.SEND]
        if sends:
            self._record(self._send(runner, client, sends))

    def _send(self, runner: asyncio.Runner, client: Client, batch: Sequence[Work]) -> list[Ending]:
        target, policy = self._target, self._target.policy
        # First the stopwatch, then the database's clock: a pause between them must shorten the time
        # to send, never the settle window.
        started = time.monotonic()
        now = _now()
        rows = {work.id: decide.intend(work.row, now=now, policy=policy) for work in batch}
        ours = claims.intend(batch, [rows[work.id] for work in batch])
        crash.point("after_intent")
        send_by = started + target.manifest.send_budget_s
        held = [work for work in batch if work.id in ours]
        for work in held:
            work.row = rows[work.id]
        size = max(1, target.manifest.max_batch)
        chunks = [held[start : start + size] for start in range(0, len(held), size)]

        _never_inside_a_transaction()
        receipts = runner.run(self._all(client, chunks, send_by))
        crash.point("after_answer")
        now = _now()
        return [
            Ending(
                work,
                decide.conclude(work.row, receipt, now=now, random=random.random()),
                receipt,
            )
            for chunk, answers in zip(chunks, receipts, strict=True)
            for work, receipt in zip(chunk, answers, strict=True)
        ]

    async def _all(
        self, client: Client, chunks: Sequence[Sequence[Work]], send_by: float
    ) -> Sequence[Sequence[Receipt]]:
        timed = client.until(send_by)
        limit = asyncio.Semaphore(self._at_once)

        async def send(chunk: Sequence[Work]) -> Sequence[Receipt]:
            async with limit:
                with correlation.bound(chunk[0].correlation_id):
                    return await self._call(timed, chunk)

        return await asyncio.gather(*(send(chunk) for chunk in chunks))

    async def _call(self, client: Client, chunk: Sequence[Work]) -> Sequence[Receipt]:
        commands = [
            Command(
                key=work.key,
                kind=work.kind,
                payload=_payload(work),
                payload_sha256=work.payload_sha256,
                correlation_id=work.correlation_id,
                drafted_id=work.row.drafted_id,
            )
            for work in chunk
        ]
        with excerpts.listening() as tape:
            try:
                receipts = await self._target.sink.send(client, self._target.settings, commands)
            except Exception:
                # A connector must not raise; when one does, nobody knows what the target did.
                log.exception("delivery.connector_failed", connection=self._target.settings.slug)
                receipts = []
        self._keep(tape, chunk)
        if len(receipts) == len(commands):
            return receipts
        doubt = Receipt(Outcome.IN_DOUBT, reason="The connector failed while it was sending.")
        return [doubt] * len(commands)

    def _ask(
        self, runner: asyncio.Runner, client: Client, batch: Sequence[Work]
    ) -> tuple[list[Ending], list[Heard]]:
        """
        Settle what is in doubt by reading; nothing is sent here. Also what its gate learns: an
        answer shows that the target works; a question that fails may be at fault itself.
        """
        if not batch:
            return [], []
        target = self._target
        asked_at = _now()
        _never_inside_a_transaction()
        try:
            found = runner.run(self._find(client, batch))
        except CallFailed as failure:
            endings = self._unanswered(batch, failure.reason, failure.retry_after)
            throttled = failure.outcome is Outcome.THROTTLED
            return endings, [(failure.outcome, failure.retry_after)] if throttled else []
        except Exception:
            log.exception("delivery.connector_failed", connection=target.settings.slug)
            reason = "The connector failed while it was asking."
            return self._unanswered(batch, reason, None), []
        now = _now()
        answers: list[Sequence[Found]] = [found.get(work.key, ()) for work in batch]
        claims.record_reads(batch, outcome=Outcome.OK, reasons=[_told_by(item) for item in answers])
        endings = [
            Ending(
                work,
                decide.read_result(
                    work.row,
                    answer,
                    digest=target.sink.digest(_payload(work)),
                    now=now,
                    asked_at=asked_at,
                ),
            )
            for work, answer in zip(batch, answers, strict=True)
        ]
        return endings, [(Outcome.OK, None)]

    async def _find(self, client: Client, batch: Sequence[Work]) -> Mapping[str, Sequence[Found]]:
        keys = [work.key for work in batch]
        with excerpts.listening() as tape:
            try:
                return await self._target.sink.find(client, self._target.settings, keys)
            finally:
                self._keep(tape, batch)

    def _keep(self, tape: excerpts.Tape, batch: Sequence[Work]) -> None:
        """With the last of them, whose attempt is the newest: it stands first where calls do."""
        secrets = list(self._target.settings.secrets.values())
        batch[-1].wire = tape.text(secrets=secrets, calls_for=len(batch))

    def _unanswered(
        self, batch: Sequence[Work], reason: str, retry_after: int | None
    ) -> list[Ending]:
        now = _now()
        claims.record_reads(batch, outcome=Outcome.IN_DOUBT, reasons=[reason] * len(batch))
        return [
            Ending(
                work,
                decide.read_failed(
                    work.row,
                    now=now,
                    wait_for=retry_after
                    or full_jitter(attempt=work.number, random=random.random()),
                    reason=reason,
                ),
            )
            for work in batch
        ]

    def _record(self, endings: Sequence[Ending], heard: Sequence[Heard] = ()) -> None:
        """``heard``: what was heard of the target beside receipts; its gate learns from all."""
        with sql.atomic():
            ours = claims.write(endings)
            kept = [ending for ending in endings if ending.work.id in ours]
            outcomes = [
                (ending.receipt.outcome, ending.receipt.retry_after)
                for ending in endings
                if ending.receipt is not None
            ]
            gate = gates.observe(self._target.connection_id, [*heard, *outcomes])
            self._told(self._target, kept, gate)
        crash.point("after_record")


def _payload(work: Work) -> Any:
    return strict_json.loads(work.payload)


def _told_by(found: Sequence[Found]) -> str:
    if not found:
        return "Not there."
    return "; ".join(
        f"{item.external_number or item.external_id}, {'posted' if item.posted else 'draft'}"
        for item in found
    )


def _now() -> datetime:
    row = sql.one("SELECT clock_timestamp() AS now")
    assert row is not None
    moment: datetime = row.now
    return moment


def _never_inside_a_transaction() -> None:
    if database.in_atomic_block:
        raise AssertionError("A call to another system was about to be made inside a transaction.")

"""
Doing up to fifty commands: read what is there, insert what is not, update what is.

A write of several records is all or none in Gainsight, so a refusal is narrowed down until each
record that is at fault stands alone; the others go through. What is not certain stays in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.commands import PayloadRefused, refused
from connectors.contract import Command, Outcome, Receipt
from connectors.problem import Problem
from connectors.systems.gainsight import payloads, records
from connectors.systems.gainsight.answers import Json, Refusal, Written
from connectors.systems.gainsight.directory import Directory, SeveralMeant
from connectors.systems.gainsight.names import DIGEST, KEY, VERSION, Names
from connectors.systems.gainsight.records import Job
from connectors.systems.gainsight.wire import Gainsight, Where


async def run(tenant: Gainsight, names: Names, commands: Sequence[Command]) -> list[Receipt]:
    """One receipt for each command, in order."""
    return await _Batch(tenant, names).run(commands)


class _Batch:
    def __init__(self, tenant: Gainsight, names: Names) -> None:
        self._tenant = tenant
        self._names = names
        self._directory = Directory(names)

    async def run(self, commands: Sequence[Command]) -> list[Receipt]:
        receipts: dict[int, Receipt] = {}
        jobs: dict[int, Job] = {}
        for place, command in enumerate(commands):
            try:
                payload = payloads.read(command.kind, command.payload)
            except PayloadRefused as error:
                receipts[place] = error.receipt()
                continue
            jobs[place] = records.job(command, payload, self._names)
        older = _older(list(jobs.values()))
        first = [job for job in jobs.values() if id(job) not in older]
        try:
            await self._work(first)
        except Problem as problem:
            # Only reads raise up to here: what has no receipt yet was not written.
            for job in first:
                job.receipt = job.receipt or problem.receipt()
        for job in jobs.values():
            if id(job) in older:
                job.receipt = _after(older[id(job)])
        for place, job in jobs.items():
            receipts[place] = job.receipt or _doubt("Nothing was heard of this record.")
        return [receipts[place] for place in range(len(commands))]

    async def _work(self, jobs: Sequence[Job]) -> None:
        asked = [job.who for job in jobs] + [job.above for job in jobs if job.above]
        await self._directory.fill(self._tenant, asked)
        await self._companies([job for job in jobs if job.is_company])
        for name in (self._names.entitlement_object, self._names.signal_object):
            await self._rows([job for job in jobs if not job.is_company and job.object == name])

    async def _companies(self, jobs: Sequence[Job]) -> None:
        """Parents before their children: a parent of the same batch has to be there first."""
        waiting = []
        for job in jobs:
            self._meet(job)
            if job.receipt is None:
                waiting.append(job)
        while waiting:
            ready = [job for job in waiting if self._has_parent(job)]
            waiting = [job for job in waiting if job not in ready and job.receipt is None]
            ready = [job for job in ready if job.receipt is None]
            if not ready:
                break
            await self._write(ready)
        for job in waiting:
            reason = "The company above it is not in Gainsight yet; send that customer first."
            job.receipt = refused("parent_missing", reason)

    def _meet(self, job: Job) -> None:
        try:
            found = self._directory.find(job.who)
        except SeveralMeant as error:
            job.receipt = refused("several_meant", str(error))
            return
        if found is not None:
            job.row, job.keyed = found
            job.receipt = _settled(job)

    def _has_parent(self, job: Job) -> bool:
        if job.above is None:
            return True
        try:
            found = self._directory.find(job.above)
        except SeveralMeant as error:
            job.receipt = refused("several_meant", str(error))
            return False
        if found is not None:
            job.parent = str(found[0].get("Gsid") or "")
        return found is not None

    async def _rows(self, jobs: Sequence[Job]) -> None:
        """Records of one of our own objects, each of a company that has to be there."""
        for job in jobs:
            try:
                found = self._directory.find(job.who)
            except SeveralMeant as error:
                job.receipt = refused("several_meant", str(error))
                continue
            if found is None:
                reason = "The customer is not in Gainsight yet; send the customer first."
                job.receipt = refused("customer_missing", reason)
            else:
                job.company = str(found[0].get("Gsid") or "")
        open_jobs = [job for job in jobs if job.receipt is None]
        if not open_jobs:
            return
        field = open_jobs[0].key_field
        held = await self._tenant.read(
            open_jobs[0].object,
            ["Gsid", field, KEY, DIGEST, VERSION],
            [Where(field, "IN", sorted({job.identity for job in open_jobs}))],
        )
        by_identity = {row.get(field): row for row in reversed(held)}
        for job in open_jobs:
            job.row, job.keyed = by_identity.get(job.identity), field
            if job.row is not None:
                job.receipt = _settled(job)
        await self._write([job for job in open_jobs if job.receipt is None])

    async def _write(self, jobs: Sequence[Job]) -> None:
        """Inserts together, and updates together by the field that led to the record."""
        groups: dict[str, list[Job]] = {}
        for job in jobs:
            groups.setdefault(job.keyed if job.row is not None else "", []).append(job)
        for key, group in groups.items():
            await self._put(key, group)
        for job in jobs:
            done = job.receipt is not None and job.receipt.outcome is Outcome.OK
            if job.is_company and done and job.row is None and job.receipt is not None:
                known = records.record(job, self._names) | {"Gsid": job.receipt.external_id}
                self._directory.add(known)

    async def _put(self, key: str, jobs: Sequence[Job]) -> None:
        rows = [records.record(job, self._names) for job in jobs]
        try:
            if key:
                written = await self._tenant.update(jobs[0].object, key, rows)
            else:
                written = await self._tenant.insert(jobs[0].object, rows)
        except Problem as problem:
            if problem.outcome is not Outcome.REFUSED or len(jobs) == 1:
                for job in jobs:
                    job.receipt = problem.receipt()
                return
            for part in _parts(jobs, problem):
                await self._put(key, part)
            return
        await self._conclude(jobs, written)

    async def _conclude(self, jobs: Sequence[Job], written: Written) -> None:
        """A whole answer is taken at its word; anything less is read back by our keys."""
        ids = _ids(jobs, written)
        if ids is None:
            try:
                found = await held(self._tenant.unhurried(), jobs[0].object, _keys(jobs))
            except Problem:
                found = {}
            ids = [str(found.get(job.command.key, {}).get("Gsid") or "") for job in jobs]
        for place, (job, gsid) in enumerate(zip(jobs, ids, strict=True)):
            if gsid:
                job.receipt = Receipt(Outcome.OK, external_id=gsid, http_status=written.status)
            elif place in written.faults:
                job.receipt = refused("refused", f"Gainsight refused it: {written.faults[place]}.")
            else:
                job.receipt = _doubt("Gainsight said yes, and the record was not found.")


async def held(tenant: Gainsight, name: str, keys: Sequence[str]) -> dict[str, Json]:
    """The records of an object by the key of the command that wrote them last."""
    found: dict[str, Json] = {}
    for start in range(0, len(keys), 200):
        where = [Where(KEY, "IN", list(keys[start : start + 200]))]
        for row in await tenant.read(name, ["Gsid", KEY, DIGEST], where):
            found.setdefault(str(row.get(KEY)), row)
    return found


def _ids(jobs: Sequence[Job], written: Written) -> list[str] | None:
    """The records' ids by place; None when the answer does not say it of all of them."""
    if written.faults:
        return None
    if all(job.row is not None for job in jobs) and len(written.records) == len(jobs):
        return [str((job.row or {}).get("Gsid") or "") for job in jobs]
    echoed = {row[KEY]: row.get("Gsid") for row in written.records if KEY in row}
    if len(echoed) == len(jobs):
        ids = [echoed.get(job.command.key) for job in jobs]
    elif not echoed and len(written.records) == len(jobs):
        ids = [row.get("Gsid") for row in written.records]
    else:
        return None
    return [str(gsid) for gsid in ids] if all(ids) else None


def _parts(jobs: Sequence[Job], problem: Problem) -> list[Sequence[Job]]:
    """Whom Gainsight named alone, the rest together; in halves when it named nobody."""
    faults = problem.faults if isinstance(problem, Refusal) else {}
    named = [job for place, job in enumerate(jobs) if place in faults]
    rest = [job for place, job in enumerate(jobs) if place not in faults]
    if named and rest:
        return [rest, *([job] for job in named)]
    middle = len(jobs) // 2
    return [jobs[:middle], jobs[middle:]]


def _older(jobs: Sequence[Job]) -> dict[int, Job]:
    """Of several statements about one record only the newest is sent: id → the newest."""
    newest: dict[tuple[str, str], Job] = {}
    for job in jobs:
        key = (job.object, job.identity)
        known = newest.get(key)
        if known is None or job.payload.version >= known.payload.version:
            newest[key] = job
    return {
        id(job): newest[job.object, job.identity]
        for job in jobs
        if newest[job.object, job.identity] is not job
    }


def _after(newest: Job) -> Receipt:
    done = newest.receipt
    if done is not None and done.outcome in (Outcome.OK, Outcome.ALREADY_DONE):
        reason = "A newer statement about the same record was sent instead."
        return Receipt(Outcome.ALREADY_DONE, external_id=done.external_id, reason=reason)
    reason = "A newer statement about the same record goes first."
    return Receipt(Outcome.TRANSIENT, code="newer_first", reason=reason)


def _settled(job: Job) -> Receipt | None:
    """What the record says of this command already; None when it is still to be written."""
    row = job.row or {}
    gsid = str(row.get("Gsid") or "")
    if row.get(KEY) == job.command.key and row.get(DIGEST) == payloads.digest(job.command.payload):
        return Receipt(Outcome.ALREADY_DONE, external_id=gsid)
    if records.version_of(row) > job.payload.version:
        reason = "Gainsight holds a newer statement about the same record."
        return Receipt(Outcome.ALREADY_DONE, external_id=gsid, code="superseded", reason=reason)
    return None


def _keys(jobs: Sequence[Job]) -> list[str]:
    return [job.command.key for job in jobs]


def _doubt(reason: str) -> Receipt:
    return Receipt(Outcome.IN_DOUBT, code="unanswered", reason=reason)

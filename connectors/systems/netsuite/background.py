"""
Requests that NetSuite works on in the background (``Prefer: respond-async``).

Their idempotency key makes NetSuite take a request once: a second one with it is told as an error
that names the first one's job. A job that failed keeps its key, so a later try takes the next one,
which follows from the last job: whoever tries again comes to the same key.
"""

from __future__ import annotations

import uuid
from typing import Final

from connectors.contract import Outcome
from connectors.problem import Problem, Working
from connectors.systems.netsuite import answers, wire
from connectors.systems.netsuite.wire import NetSuite, Row

_SPACE: Final = uuid.UUID("0f6d7c2e-7a0b-5d0e-9a43-5f6f1f0c7b1a")
_TRIES: Final = 5
_PREFIX: Final = "job:"
SOON_S: Final = 20


async def create(netsuite: NetSuite, record: str, body: Row, *, key: str) -> None:
    """
    The record is made when this returns. Raises Problem: Working while NetSuite works on it, what
    it refused it with, or what the network did.
    """
    seed = key
    for _ in range(_TRIES):
        try:
            job = await netsuite.submit(record, body, key=str(uuid.uuid5(_SPACE, seed)))
            before = False
        except answers.Submitted as submitted:
            job, before = submitted.job, True
        try:
            await result(netsuite.unhurried(), job)
            return
        except Problem as problem:
            if problem.outcome is not Outcome.REFUSED or not before:
                raise
        seed = f"{key}:{job}"
    raise Problem(Outcome.TRANSIENT, "refused", "NetSuite refused this in several jobs before.")


def is_job(drafted: str) -> bool:
    """Whether this names a job, and not a transaction."""
    return drafted.startswith(_PREFIX)


async def done(netsuite: NetSuite, job: str) -> bool:
    """Whether it ended well; False when NetSuite refused it. Raises Problem while it is at work."""
    try:
        await result(netsuite, job)
    except Problem as problem:
        if problem.outcome is Outcome.REFUSED:
            return False
        raise
    return True


async def result(netsuite: NetSuite, job: str) -> None:
    """How a job ended, which may be as we name it to others. Raises Problem as ``create``."""
    job = job.removeprefix(_PREFIX)
    try:
        told = answers.of(await netsuite.get(f"{wire.JOB}/{job}"), write=False)
        done = isinstance(told, dict) and told.get("completed") is True
        tasks = (
            answers.of(await netsuite.get(f"{wire.JOB}/{job}/task"), write=False) if done else None
        )
    except Problem as problem:
        # The request was taken: what became of it is open, whatever a look at it says.
        raise _open(job, problem.reason) from problem
    if not done:
        raise _open(job, "")
    items = tasks.get("items") if isinstance(tasks, dict) else None
    if not isinstance(items, list) or not items or not isinstance(items[0], dict):
        raise _open(job, "It does not name the job's task.")
    try:
        path = f"{wire.JOB}/{job}/task/{wire.text(items[0], 'id')}/result"
        answer = await netsuite.get(path)
    except Problem as problem:
        raise _open(job, problem.reason) from problem
    if answer.status in (200, 204):
        return
    refusal = answers.problem(answer, write=True)
    if refusal.outcome in (Outcome.REFUSED, Outcome.ALREADY_DONE):
        raise refusal
    raise _open(job, refusal.reason)


def _open(job: str, why: str) -> Problem:
    reason = f"NetSuite works on it in the background, as job {job}. {why}".strip()
    return Working("working", reason, f"{_PREFIX}{job}", seconds=SOON_S)

"""
Runs: both sides are listed where they can be, then compared in one transaction.

    run(pair_id=…, entity_id=…, period_code="2026-10", full=True, by="Ana")

A run never corrects anything. It leaves breaks, their cases and the figures; what had been found
before and agrees now is settled. One run of a pair, legal entity and period goes at a time.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Max

from connectors.models import Connection
from revops.kernel import clock, correlation
from revops.mappings.models import AccountingPeriod
from revops.pipeline import sources
from revops.reconciliation.models import Load, LoadState, Pair, Run, RunState
from revops.reconciliation.operations import comparing, loading, signing, versions
from revops.reconciliation.operations.casing import Sides
from revops.reconciliation.queries.naming import check_of, sides_of
from revops.store import sql

log = structlog.get_logger(__name__)

# A list as young as this is not asked for again.
FRESH: Final = timedelta(seconds=60)
# Below so many rows a side is read whole: that is as fast, and simpler.
WHOLE_BELOW: Final = 50_000
_PATIENCE: Final = 20
_PATIENCE_MS: Final = "900000"
LOST_AFTER: Final = timedelta(hours=2)


class ListMissing(Exception):
    """A side's list cannot be had; the message says why. No list is no evidence."""


def run(*, pair_id: int, entity_id: int, period_code: str, full: bool, by: str) -> Run:
    """
    Compare one pair for a legal entity and period. The run says how it ended: ``failed`` with why
    in ``error`` when a list cannot be had, and then nothing changed. Without ``full`` only what
    changed since the last run is looked at, with the same outcome. Not within a transaction when a
    side has to be listed.

    Raises Pair.DoesNotExist, AccountingPeriod.DoesNotExist, CheckUnknown.
    """
    return carry_out(ask(pair_id, entity_id, period_code, full=full, by=by))


def ask(pair_id: int, entity_id: int, period_code: str, *, full: bool, by: str) -> Run:
    """A run that is yet to be carried out, in the state ``asked`` until somebody claims it."""
    pair = Pair.objects.select_related("left", "right").get(pk=pair_id)
    period = AccountingPeriod.objects.get(legal_entity_id=entity_id, code=period_code)
    version = versions.in_force(check_of(pair))
    with transaction.atomic():
        sql.lock_objects(["reconciliation:numbers"])
        newest = Run.objects.aggregate(n=Max("number"))["n"] or 0
        return Run.objects.create(
            number=newest + 1, pair=pair, legal_entity_id=entity_id, period_code=period_code,
            starts=period.starts, ends=period.ends, full=full, rules=version, by=by[:120],
            state=RunState.ASKED, began_at=clock.now(), correlation_id=correlation.new_id(),
        )  # fmt: skip


def enqueue(*, pair_id: int, entity_id: int, period_code: str, full: bool, by: str) -> None:
    """Have a worker carry it out soon; one that is asked for already is not asked for twice."""
    waiting = Run.objects.filter(
        pair_id=pair_id, legal_entity_id=entity_id, period_code=period_code, state=RunState.ASKED
    )
    if not waiting.exists():
        ask(pair_id, entity_id, period_code, full=full, by=by)


def claim() -> Run | None:
    """The oldest run that was asked for, now ours to carry out; None when there is none."""
    row = sql.one(_CLAIM)
    return Run.objects.get(pk=row.id) if row else None


def work(*, seconds: float) -> int:
    """Carry out what was asked for, one after the other, and begin none after ``seconds``."""
    give_up_lost()
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until and (asked := claim()) is not None:
        carry_out(asked)
        done += 1
    return done


def give_up_lost() -> int:
    """Say of runs whose worker died that they failed; how many there were."""
    return Run.objects.filter(state=RunState.RUNNING, began_at__lt=clock.now() - LOST_AFTER).update(
        state=RunState.FAILED, ended_at=clock.now(), error="Its worker ended before it did."
    )


def carry_out(begun: Run) -> Run:
    """List both sides where they can be listed, and compare."""
    begun = Run.objects.select_related("pair__left", "pair__right", "legal_entity", "rules").get(
        pk=begun.pk
    )
    begun.state, begun.began_at = RunState.RUNNING, clock.now()
    begun.save(update_fields=["state", "began_at"])
    check = check_of(begun.pair)
    try:
        days, patient = (begun.starts, begun.ends), not begun.full
        begun.left_load = listed(begun.pair.left, check.left.kind, *days, patient=patient)
        begun.right_load = listed(begun.pair.right, check.right.kind, *days, patient=patient)
        with sql.atomic():
            _compare(begun)
    except ListMissing as missing:
        _fail(begun, str(missing))
    except Exception:
        _fail(begun, "The comparison itself failed. The log has it under this run's number.")
        log.exception("reconciliation.failed", run=begun.number, check=check.slug)
        raise
    return begun


def listed(
    connection: Connection | None, kind: str, starts: date, ends: date, *, patient: bool = False
) -> Load | None:
    """
    The list of a side: a young one, a new one, or the last that a person brought where the system
    cannot be asked. None for our own records. ``patient``: a long list is asked for so seldom that
    listing takes a twentieth of the time at most. Raises ListMissing.
    """
    if connection is None or not kind:
        return None
    held = Load.objects.filter(connection=connection, kind=kind).order_by("-pk")
    done = held.filter(state=LoadState.DONE)
    source = sources.by_id(connection.pk)
    if not loading.lists(source, kind):
        newest = done.first()
        if newest is None:
            raise ListMissing(f"Nobody brought a list of “{kind}” from {connection.label} yet.")
        return newest
    last = done.filter(starts__lte=starts, ends__gte=ends).first()
    if last is not None and last.began_at >= clock.now() - _rest_of(last, patient):
        return last
    load = loading.load(connection.pk, kind, starts, ends, "reconciliation")
    if load.state != LoadState.DONE:
        raise ListMissing(f"{connection.label} did not give its list of “{kind}”: {load.error}")
    return load


def _rest_of(load: Load, patient: bool) -> timedelta:
    """How long a list counts as young."""
    took = load.ended_at - load.began_at if load.ended_at else timedelta()
    return max(FRESH, took * _PATIENCE) if patient else FRESH


def _compare(begun: Run) -> None:
    """Within the transaction of the run."""
    # Both sides of a large pair take longer than any page may.
    sql.run("SELECT set_config('statement_timeout', %s, true)", (_PATIENCE_MS,))
    sql.lock_objects([f"reconciliation:{begun.pair_id}:{begun.legal_entity_id}"])
    check = check_of(begun.pair)
    left, right = sides_of(begun.pair)
    connection = begun.pair.right or begun.pair.left
    sides = Sides(left, right, connection.slug if connection else "")
    now = clock.now()
    today = clock.local_date(now, begun.legal_entity.zone)
    done = comparing.compare(
        begun, check, begun.rules, sides, at=now, today=today, last=_last(begun)
    )
    begun.state, begun.ended_at = RunState.DONE, clock.now()
    begun.figures, begun.evidence, begun.touched = done.figures, done.evidence, done.touched
    begun.save()
    signing.suspend_changed(begun.pair_id, begun.legal_entity_id, begun.period_code)
    log.info(
        "reconciliation.done", run=begun.number, check=check.slug,
        entity=begun.legal_entity.code, period=begun.period_code, cases=done.cases,
        touched=done.touched,
    )  # fmt: skip


def _last(begun: Run) -> Run | None:
    """The run before, where looking at what changed since gives what looking at all would."""
    if begun.full or not comparing.only_by_key(list(begun.rules.rules.order_by("position"))):
        return None
    last = latest_done(begun.pair_id, begun.legal_entity_id, begun.period_code)
    if last is None or last.rules_id != begun.rules_id:
        return None
    return None if comparing.rows_of(last) < WHOLE_BELOW else last


def latest_done(pair_id: int, entity_id: int, period_code: str) -> Run | None:
    """The newest run that came to its end."""
    return (
        Run.objects.filter(
            pair_id=pair_id, legal_entity_id=entity_id, period_code=period_code,
            state=RunState.DONE,
        )
        .order_by("-pk")
        .first()
    )  # fmt: skip


def _fail(begun: Run, why: str) -> None:
    begun.state, begun.error, begun.ended_at = RunState.FAILED, why, clock.now()
    begun.save(update_fields=["state", "error", "ended_at", "left_load", "right_load"])
    log.warning("reconciliation.not_done", run=begun.number, why=why)


_CLAIM: Final = """
UPDATE reconciliation_run SET state = 'running', began_at = now() WHERE id = (
    SELECT id FROM reconciliation_run WHERE state = 'asked' ORDER BY id
    FOR UPDATE SKIP LOCKED LIMIT 1
) RETURNING id
"""

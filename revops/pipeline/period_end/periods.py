"""
Opening and closing accounting periods. Closing is what keeps the books of a month as they were
reported; opening lets in what was kept out, and what waited for it goes on by itself.

A period that is closed softly takes nothing either, but nothing is locked yet: it is opened again
without asking (``let_in``). Who may close, and after what, is decided in ``revops/close``.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.queries.rules import asks_nobody
from exceptions.models import Case, CaseState
from revops.audit.operations import record, recorded
from revops.contracts.revenue import PeriodClosed, PeriodOpened
from revops.delivery import operations as delivery
from revops.events import operations as inbox
from revops.events.operations import MEANINGS
from revops.kernel import clock, correlation, strict_json
from revops.kernel.clock import local_date
from revops.mappings.models import AccountingPeriod, PeriodState
from revops.pipeline import wake
from revops.store import sql

REOPENING: Final = "period_reopening"


class PeriodRefused(ValueError):
    """The period cannot be opened or closed now; the message says why."""


@recorded
def soft_close(*, period_id: int, by: User) -> AccountingPeriod:
    """
    Take no more postings for now: whoever prepared the close has signed it, nobody has reviewed it.

    Raises NotAllowed, AccountingPeriod.DoesNotExist, and PeriodRefused when it is not open or has
    not ended in the entity's zone.
    """
    with transaction.atomic():
        period = _locked(period_id)
        by = authorize(by, "close.prepare", entities=[period.legal_entity.code])
        if period.state != PeriodState.OPEN:
            raise PeriodRefused(f"{period} is closed already.")
        _has_ended(period)
        before, period.state = period.state, PeriodState.SOFT_CLOSED
        period.save(update_fields=["state"])
        _record("periods.soft_close", period, by, before=before)
    return period


@recorded
def let_in(*, period_id: int, by: User) -> int:
    """
    Open a period that is closed only softly, and send what waited for it through again. How many
    cases that were.

    Raises NotAllowed, AccountingPeriod.DoesNotExist, PeriodRefused when it is not closed softly.
    """
    with transaction.atomic():
        period = _locked(period_id)
        by = authorize(by, "periods.reopen", entities=[period.legal_entity.code])
        if period.state != PeriodState.SOFT_CLOSED:
            raise PeriodRefused(f"{period} is not closed softly.")
        before, period.state = period.state, PeriodState.OPEN
        period.save(update_fields=["state"])
        again = _drive_again(period)
        _record("periods.let_in", period, by, before=before, sent_again=again)
        return again


def _has_ended(period: AccountingPeriod) -> None:
    if period.ends >= local_date(clock.now(), period.legal_entity.zone):
        raise PeriodRefused(f"{period} ends on {period.ends} and has not ended yet.")


@recorded
def close_period(*, period_id: int, by: User) -> AccountingPeriod:
    """
    Take no more postings into a period, and tell (``period.closed/1``).

    Raises NotAllowed, AccountingPeriod.DoesNotExist, and PeriodRefused when it is closed already,
    has not ended in the entity's zone, or follows one that is open.
    """
    by = authorize(by, "periods.close")
    with transaction.atomic():
        period = _locked(period_id)
        if period.state == PeriodState.CLOSED:
            raise PeriodRefused(f"{period} is closed already.")
        _has_ended(period)
        earlier = _neighbours(period).filter(starts__lt=period.starts).order_by("starts")
        standing = earlier.exclude(state=PeriodState.CLOSED).first()
        if standing is not None:
            raise PeriodRefused(f"{standing} is still open: periods are closed in order.")
        before = period.state
        _set(period, PeriodState.CLOSED, PeriodClosed, by)
        _record("periods.close", period, by, before=before)
    return period


@recorded
def open_period(*, period_id: int, by: User) -> int:
    """
    Open a closed period again, tell (``period.opened/1``), and send what waited for it through
    again. How many cases that were.

    Raises NotAllowed, AccountingPeriod.DoesNotExist, and PeriodRefused when it is open already, a
    later one is closed, or the approval policy wants it to be asked for (``ask_to_open``).
    """
    by = authorize(by, "periods.open")
    with transaction.atomic():
        entity = _locked(period_id).legal_entity.code
        if not asks_nobody(subject=REOPENING, entity=entity, at=clock.now()):
            raise PeriodRefused("Opening a period again has to be asked for and approved.")
        return _open(period_id, by)


@recorded
def ask_to_open(*, period_id: int, by: User, reason: str) -> ApprovalRequest:
    """
    Ask for a closed period to be opened again; what the last approval sets off is ``open_period``.

    Raises NotAllowed, AccountingPeriod.DoesNotExist, PeriodRefused, and approvals.ApprovalRefused
    when it is being asked for already with another reason.
    """
    if len(reason.strip()) < 10:
        raise PeriodRefused("Say why it has to be opened, in a sentence.")
    period = AccountingPeriod.objects.select_related("legal_entity").get(pk=period_id)
    if period.state == PeriodState.OPEN:
        raise PeriodRefused(f"{period} is open already.")
    return approvals.ask(
        subject=REOPENING,
        subject_id=period.pk,
        content={
            "period": period.pk,
            "code": period.code,
            "entity": period.legal_entity.code,
            "reason": reason.strip()[:500],
        },
        by=by,
        entity=period.legal_entity.code,
        note=reason,
    )


@recorded
def open_agreed(*, period_id: int, by: User) -> int:
    """``open_period`` for an approved request; ``by`` approved last. Raises PeriodRefused."""
    with transaction.atomic():
        return _open(period_id, by)


def _open(period_id: int, by: User) -> int:
    with transaction.atomic():
        period = _locked(period_id)
        if period.state == PeriodState.OPEN:
            raise PeriodRefused(f"{period} is open already.")
        later = _neighbours(period).filter(starts__gt=period.starts, state=PeriodState.CLOSED)
        if later.exists():
            latest = later.latest("starts")
            raise PeriodRefused(f"{latest} is closed: periods are opened from the latest one back.")
        before = period.state
        _set(period, PeriodState.OPEN, PeriodOpened, by)
        again = _drive_again(period)
        _record("periods.open", period, by, before=before, sent_again=again)
        return again


def _locked(period_id: int) -> AccountingPeriod:
    found: AccountingPeriod = (
        AccountingPeriod.objects.select_for_update(of=("self",))
        .select_related("legal_entity")
        .get(pk=period_id)
    )
    return found


def _neighbours(period: AccountingPeriod) -> Any:
    return AccountingPeriod.objects.filter(legal_entity=period.legal_entity_id)


def _set(
    period: AccountingPeriod,
    state: PeriodState,
    contract: type[PeriodOpened] | type[PeriodClosed],
    by: User,
) -> None:
    period.state = state
    period.save(update_fields=["state"])
    data = contract(
        legal_entity=period.legal_entity.code,
        period=period.code,
        starts=period.starts,
        ends=period.ends,
        by=by.name,
    )
    now = clock.now()
    (event_id,) = sql.new_ids("events_businessevent", 1)
    MEANINGS.insert([(
        event_id, None, 0, data.contract, data.subject, data.subject_id,
        period.legal_entity.code, strict_json.dumps(data.model_dump(mode="json")), now, now,
        correlation.new_id(), "",
    )])  # fmt: skip


def _record(action: str, period: AccountingPeriod, by: User, *, before: str, **more: int) -> None:
    entity = period.legal_entity.code
    record(
        action, by=actor_of(by), kind="period", reference=f"{entity} {period.code}",
        label=str(period), entity=entity, before={"state": str(before)},
        after={"state": str(period.state), **more},
    )  # fmt: skip


_MOST: Final = 5_000


def _drive_again(period: AccountingPeriod) -> int:
    """Cases of this period: an event goes through the line again, a posting is sent again."""
    waiting = list(
        Case.objects.filter(
            kind="period_closed", legal_entity=period.legal_entity_id, period_code=period.code
        )
        .exclude(state=CaseState.RESOLVED)
        .select_related("inbound", "command")
        .order_by("pk")[:_MOST]
    )
    again = inbox.send_again_through_the_line(
        [case.inbound_id for case in waiting if case.inbound_id is not None]
    )
    done, _refused = delivery.retry([case.command_id for case in waiting if case.command_id])
    for connection_id in {case.inbound.connection_id for case in waiting if case.inbound}:
        transaction.on_commit(partial(wake.line, connection_id), robust=True)
    for connection_id in {case.command.connection_id for case in waiting if case.command}:
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)
    return len(again) + len(done)

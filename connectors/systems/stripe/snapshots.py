"""What Stripe holds for a range of days, for reconciliation and control totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from connectors.contract import PayloadUnreadable, Settings, SnapshotRow
from connectors.http import Client
from connectors.systems.stripe import billing, listing, payments, wire
from connectors.systems.stripe.wire import Json

# Lists select by creation; an invoice may be finalized long after its draft was made.
_DRAFT_DAYS: Final = 35


@dataclass(frozen=True, slots=True)
class _Kind:
    path: str
    row: Callable[[Json, str], SnapshotRow | None]
    earlier_days: int = 0


async def page(
    client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """
    Rows dated ``start``..``end`` in the entity's zone. Invoices are dated as issued, payments and
    refunds and disputes as created, credits as in effect, payouts by arrival. Raises CallFailed,
    ValueError for an unknown kind.
    """
    found = _KINDS.get(kind)
    if found is None:
        raise ValueError(f"Stripe lists {', '.join(_KINDS)}, not “{kind}”.")
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    lower = _epoch(first - timedelta(days=found.earlier_days), settings.zone)
    upper = _epoch(last + timedelta(days=1), settings.zone)
    members, more = await listing.page(
        client,
        settings,
        found.path,
        [("created[gte]", lower), ("created[lt]", upper)],
        after=cursor,
    )
    rows = [row for item in members if (row := found.row(item, settings.zone)) is not None]
    return (
        [row for row in rows if start <= row.dated <= end],
        wire.ref(members[-1]) if more else "",
    )


def _epoch(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).timestamp())


def _invoice(item: Json, zone: str) -> SnapshotRow | None:
    if item.get("status") not in billing.FINAL:
        return None
    issued = wire.day(billing.finalized(item), zone, field="status_transitions.finalized_at")
    return _row(item, kind="invoice", key=wire.ref(item), field="total", dated=issued)


def _payment(item: Json, zone: str) -> SnapshotRow | None:
    if item.get("status") != "succeeded" or item.get("captured") is False:
        return None
    field = "amount_captured" if item.get("amount_captured") else "amount"
    dated = wire.day(item.get("created"), zone, field="created")
    return _row(item, kind="payment", key=payments.payment_id(item), field=field, dated=dated)


def _refund(item: Json, zone: str) -> SnapshotRow | None:
    dated = wire.day(item.get("created"), zone, field="created")
    return _row(item, kind="refund", key=wire.ref(item), field="amount", dated=dated)


def _payout(item: Json, zone: str) -> SnapshotRow | None:
    dated = wire.utc_day(item.get("arrival_date"), field="arrival_date")
    return _row(item, kind="payout", key=wire.ref(item), field="amount", dated=dated)


def _credit(item: Json, zone: str) -> SnapshotRow | None:
    at = wire.first(item.get("effective_at"), item.get("created"))
    dated = wire.day(at, zone, field="effective_at")
    return _row(item, kind="credit", key=wire.ref(item), field="total", dated=dated)


def _dispute(item: Json, zone: str) -> SnapshotRow | None:
    """An inquiry withdrew nothing and is no dispute yet."""
    if wire.text(item.get("status")).startswith("warning_"):
        return None
    dated = wire.day(item.get("created"), zone, field="created")
    return _row(item, kind="dispute", key=wire.ref(item), field="amount", dated=dated)


def _row(item: Json, *, kind: str, key: str, field: str, dated: date) -> SnapshotRow:
    identity = wire.ref(item)
    if not identity:
        raise PayloadUnreadable(f"A listed {kind} has no id.")
    code = wire.currency(item.get("currency"))
    return SnapshotRow(
        kind=kind,
        external_id=identity,
        key=key,
        currency=code,
        amount=wire.minor(item.get(field), code, field=field),
        dated=dated.isoformat(),
        state=wire.text(item.get("status")),
    )


_KINDS: Final = {
    "invoice": _Kind("/v1/invoices", _invoice, earlier_days=_DRAFT_DAYS),
    "payment": _Kind("/v1/charges", _payment),
    "refund": _Kind("/v1/refunds", _refund),
    "credit": _Kind("/v1/credit_notes", _credit, earlier_days=_DRAFT_DAYS),
    "dispute": _Kind("/v1/disputes", _dispute),
    # A payout is created days before it arrives.
    "payout": _Kind("/v1/payouts", _payout, earlier_days=14),
}

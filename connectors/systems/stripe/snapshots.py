"""What Stripe holds for a range of days, for reconciliation and control totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from connectors.contract import CallFailed, Outcome, Settings, SnapshotRow
from connectors.http import Client
from connectors.systems.stripe import listing, wire
from connectors.systems.stripe import snapshot_rows as rows
from connectors.systems.stripe.wire import Json

# Lists select by creation; an invoice may be finalized long after its draft was made.
_DRAFT_DAYS: Final = 35
# A payout is created days before it arrives.
_PAYOUT_DAYS: Final = 14
# A payout of a busy day holds thousands of transactions; more than these, and we say so.
_PAYOUT_PAGES: Final = 1_000
_BALANCE: Final = "balance"


@dataclass(frozen=True, slots=True)
class _Kind:
    path: str
    row: Callable[[Json, str], SnapshotRow | None]
    earlier_days: int = 0
    expand: tuple[str, ...] = ()

    @property
    def query(self) -> list[tuple[str, Any]]:
        return [("expand[]", f"data.{name}") for name in self.expand]


async def page(
    client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """
    Rows dated ``start``..``end`` in the entity's zone. Invoices are dated as issued, payments and
    refunds and disputes, fees and customers as created, credits as in effect, payouts by arrival.
    ``balance`` is what is in the payouts of those days, one payout a page. Raises CallFailed,
    ValueError for an unknown kind.
    """
    if kind == _BALANCE:
        return await _contents(client, settings, start=start, end=end, cursor=cursor)
    found = _KINDS.get(kind)
    if found is None:
        known = ", ".join([*_KINDS, _BALANCE])
        raise ValueError(f"Stripe lists {known}, not “{kind}”.")
    within = _created(start, end, settings.zone, found.earlier_days)
    members, more = await listing.page(
        client, settings, found.path, [*within, *found.query], after=cursor
    )
    told = [row for item in members if (row := found.row(item, settings.zone)) is not None]
    return (
        [row for row in told if start <= row.dated <= end],
        wire.ref(members[-1]) if more else "",
    )


async def _contents(
    client: Client, settings: Settings, *, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """Only automatic payouts have contents (https://docs.stripe.com/payouts/reconciliation)."""
    query = [*_created(start, end, settings.zone, _PAYOUT_DAYS), ("limit", 1)]
    query += [("starting_after", cursor)] if cursor else []
    found = await listing.get(client, settings, "/v1/payouts", query)
    payout = next(iter(listing.members(found)), None)
    if payout is None:
        return [], ""
    after = wire.ref(payout) if found.get("has_more") is True else ""
    told = rows.payout(payout, settings.zone)
    paid = payout.get("status") == "paid" and payout.get("automatic") is not False
    if told is None or not paid or not start <= told.dated <= end:
        return [], after
    wanted = [("payout", wire.ref(payout)), ("expand[]", "data.source")]
    members, more = await listing.everything(
        client, settings, "/v1/balance_transactions", wanted, pages=_PAYOUT_PAGES
    )
    if more:
        reason = f"Payout {wire.ref(payout)} holds more than can be listed."
        raise CallFailed(Outcome.REFUSED, reason)
    contents = (rows.balance(item, settings.zone, payout=payout) for item in members)
    return [row for row in contents if row is not None], after


def _created(start: str, end: str, zone: str, earlier_days: int) -> list[tuple[str, Any]]:
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    return [
        ("created[gte]", _epoch(first - timedelta(days=earlier_days), zone)),
        ("created[lt]", _epoch(last + timedelta(days=1), zone)),
    ]


def _epoch(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).timestamp())


_KINDS: Final = {
    "invoice": _Kind("/v1/invoices", rows.invoice, earlier_days=_DRAFT_DAYS),
    "payment": _Kind("/v1/charges", rows.payment, expand=("customer",)),
    "refund": _Kind("/v1/refunds", rows.refund, expand=("charge.customer",)),
    "credit": _Kind(
        "/v1/credit_notes", rows.credit, earlier_days=_DRAFT_DAYS, expand=("customer",)
    ),
    "dispute": _Kind("/v1/disputes", rows.dispute, expand=("charge.customer",)),
    "payout": _Kind("/v1/payouts", rows.payout, earlier_days=_PAYOUT_DAYS),
    "fee": _Kind("/v1/balance_transactions", rows.fee, expand=("source",)),
    "customer": _Kind("/v1/customers", rows.customer, expand=("tax_ids",)),
}

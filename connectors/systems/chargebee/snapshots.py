"""What Chargebee holds for a range of days, for reconciliation and control totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from connectors.contract import PayloadUnreadable, Settings, SnapshotRow
from connectors.systems.chargebee import billing, credit_notes, lines, listing, payments, wire
from connectors.systems.chargebee.answers import Chargebee
from connectors.systems.chargebee.customers import name_of
from connectors.systems.chargebee.heard import Heard
from connectors.systems.chargebee.wire import Json
from revops.kernel.clock import local_date

_Rows = Callable[[Json, Heard], Sequence[SnapshotRow]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """``within`` is the time by which Chargebee selects."""

    path: str
    resource: str
    within: str
    rows: _Rows
    query: tuple[tuple[str, Any], ...] = ()


async def page(
    site: Chargebee, settings: Settings, *, kind: str, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """
    Rows dated ``start``..``end`` in the connection's zone. Raises Problem, ValueError for an
    unknown kind.
    """
    found = _KINDS.get(kind)
    if found is None:
        raise ValueError(f"Chargebee lists {', '.join(_KINDS)}, not “{kind}”.")
    first, last = date.fromisoformat(start), date.fromisoformat(end) + timedelta(days=1)
    query = [
        (f"{found.within}[after]", _epoch(first, settings.zone) - 1),
        (f"{found.within}[before]", _epoch(last, settings.zone)),
        *found.query,
    ]
    members, after = await listing.page(site, found.path, found.resource, query, offset=cursor)
    heard = Heard("", {}, 0, settings.zone, settings.parameters)
    told = [row for item in members for row in found.rows(item, heard)]
    return [row for row in told if start <= row.dated <= end], after


def _epoch(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).timestamp())


def _invoice(item: Json, heard: Heard) -> Sequence[SnapshotRow]:
    if item.get("status") not in billing.FINAL:
        return ()
    due = item.get("amount_due")
    address = wire.part(item.get("billing_address"))
    return [
        _row(
            item, heard, kind="invoice", key=_id(item, "invoice"), field="total",
            state=_state(item), number=_id(item, "invoice"),
            party=wire.text(address.get("company"), 240) or wire.text(item.get("customer_id"), 240),
            group_key=wire.text(item.get("subscription_id"), 120), tax=lines.tax_of(item),
            due=None if due is None else wire.minor(due, field="amount_due"),
        )
    ]  # fmt: skip


def _state(item: Json) -> str:
    status = wire.text(item.get("status"), 24)
    if status == "voided":
        return "void"
    if status == "paid":
        return "written_off" if billing.is_written_off(item) else "paid"
    return "open"


def _credit(item: Json, heard: Heard) -> Sequence[SnapshotRow]:
    """A write-off is no credit to us, though Chargebee makes a note of it."""
    if credit_notes.reason_of(item) == "write_off":
        return ()
    gone = item.get("status") == "voided"
    return [
        _row(
            item, heard, kind="credit", key=_id(item, "credit note"), field="total",
            state="void" if gone else "issued", number=_id(item, "credit note"),
            reference=credit_notes.reason_of(item).replace("_", " "),
            party=wire.text(item.get("customer_id"), 240), tax=lines.tax_of(item),
            group_key=wire.text(item.get("reference_invoice_id"), 120),
        )
    ]  # fmt: skip


def _payment(item: Json, heard: Heard) -> Sequence[SnapshotRow]:
    """A payment that settles several invoices is a row for each, as its events are."""
    if item.get("status") != "success":
        return ()
    whole = _row(
        item, heard, kind="payment", key=_id(item, "payment"), field="amount", state="success",
        number=_id(item, "payment"), party=wire.text(item.get("customer_id"), 240),
    )  # fmt: skip
    try:
        found = payments.parts(item)
    except PayloadUnreadable:
        return [whole]  # the case of its event says what is wrong
    told = {"dated": whole.dated, "state": "success", "at": whole.at}
    return [
        _row(
            item, heard, kind="payment", key=key, field="amount", amount=amount, external_id=key,
            number=_id(item, "payment"), reference=invoice, party=whole.party, **told,
        )
        for key, invoice, amount in found
    ]  # fmt: skip


def _refund(item: Json, heard: Heard) -> Sequence[SnapshotRow]:
    ended = "succeeded" if item.get("status") == "success" else wire.text(item.get("status"), 24)
    return [
        _row(
            item, heard, kind="refund", key=_id(item, "refund"), field="amount", state=ended,
            number=_id(item, "refund"), group_key=payments.reversed_id(item),
            party=wire.text(item.get("customer_id"), 240),
        )
    ]  # fmt: skip


def _customer(item: Json, heard: Heard) -> Sequence[SnapshotRow]:
    """No money: ``reference`` is the tax id, ``currency`` the preferred one, if any."""
    vat = wire.text(item.get("vat_number_prefix")) + wire.text(item.get("vat_number"), 200)
    made = wire.instant(item.get("created_at"), field="created_at")
    return [
        SnapshotRow(
            kind="customer",
            external_id=_id(item, "customer"),
            key=_id(item, "customer"),
            currency=wire.text(item.get("preferred_currency_code"), 3).upper(),
            amount=0,
            dated=local_date(made, heard.zone).isoformat(),
            state="active",
            number=_id(item, "customer"),
            reference=vat,
            party=name_of(item)[:240],
            entity=heard.entity(item),
            at=made.isoformat(),
        )
    ]


def _row(item: Json, heard: Heard, *, kind: str, key: str, field: str, **told: Any) -> SnapshotRow:
    at = wire.instant(item.get("date"), field="date")
    values: dict[str, Any] = {
        "external_id": key,
        "currency": wire.currency(item.get("currency_code")),
        "dated": local_date(at, heard.zone).isoformat(),
        "entity": heard.entity(item),
        "at": at.isoformat(),
        **told,
    }
    if "amount" not in values:
        values["amount"] = wire.minor(item.get(field), field=field)
    return SnapshotRow(kind=kind, key=key, **values)


def _id(item: Json, what: str) -> str:
    identity = wire.text(item.get("id"), 120)
    if not identity:
        raise PayloadUnreadable(f"A listed {what} has no id.")
    return identity


_KINDS: Final = {
    "invoice": _Kind("/invoices", "invoice", "date", _invoice),
    "credit": _Kind("/credit_notes", "credit_note", "date", _credit),
    "payment": _Kind("/transactions", "transaction", "date", _payment, (("type[is]", "payment"),)),
    "refund": _Kind("/transactions", "transaction", "date", _refund, (("type[is]", "refund"),)),
    "customer": _Kind("/customers", "customer", "created_at", _customer),
}

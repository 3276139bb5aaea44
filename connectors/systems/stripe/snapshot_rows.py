"""Listed objects as rows of a list. None: it is not of the books (yet)."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from connectors.contract import PayloadUnreadable, SnapshotRow
from connectors.systems.stripe import billing, lines, payments, wire
from connectors.systems.stripe.wire import Json
from revops.kernel.clock import local_date

_STATED: Final = ("taxes", "tax_amounts", "total_taxes", "total_tax_amounts")


def invoice(item: Json, zone: str) -> SnapshotRow | None:
    if item.get("status") not in billing.FINAL:
        return None
    field = "status_transitions.finalized_at"
    issued, at = _moment(billing.finalized(item), zone, field)
    code = wire.currency(item.get("currency"))
    due = item.get("amount_remaining")
    return _row(
        item, kind="invoice", key=wire.ref(item), field="total", dated=issued, at=at,
        number=wire.text(item.get("number"), 120),
        party=wire.text(item.get("customer_name"), 240) or wire.ref(item.get("customer")),
        group_key=wire.ref(item.get("subscription")), tax=_tax(item, code),
        due=None if due is None else wire.minor(due, code, field="amount_remaining"),
    )  # fmt: skip


def payment(item: Json, zone: str) -> SnapshotRow | None:
    if item.get("status") != "succeeded" or item.get("captured") is False:
        return None
    field = "amount_captured" if item.get("amount_captured") else "amount"
    dated, at = _moment(item.get("created"), zone)
    return _row(
        item, kind="payment", key=payments.payment_id(item), field=field, dated=dated, at=at,
        number=wire.ref(item), reference=wire.ref(item.get("invoice")), **_customer(item),
    )  # fmt: skip


def refund(item: Json, zone: str) -> SnapshotRow | None:
    return _of_charge(item, zone, kind="refund")


def payout(item: Json, zone: str) -> SnapshotRow | None:
    dated = wire.utc_day(item.get("arrival_date"), field="arrival_date")
    said = wire.text(item.get("statement_descriptor"), 120) or wire.text(item.get("description"))
    return _row(
        item, kind="payout", key=wire.ref(item), field="amount", dated=dated,
        reference=said[:240], entity=wire.entity(item),
    )  # fmt: skip


def credit(item: Json, zone: str) -> SnapshotRow | None:
    effective = wire.first(item.get("effective_at"), item.get("created"))
    dated, at = _moment(effective, zone, "effective_at")
    return _row(
        item, kind="credit", key=wire.ref(item), field="total", dated=dated, at=at,
        number=wire.text(item.get("number"), 120), reference=wire.text(item.get("memo"), 240),
        group_key=wire.ref(item.get("invoice")), **_customer(item),
        tax=_tax(item, wire.currency(item.get("currency"))),
    )  # fmt: skip


def dispute(item: Json, zone: str) -> SnapshotRow | None:
    """An inquiry withdrew nothing and is no dispute yet."""
    if wire.text(item.get("status")).startswith("warning_"):
        return None
    return _of_charge(item, zone, kind="dispute")


def _of_charge(item: Json, zone: str, *, kind: str) -> SnapshotRow:
    """What takes money of a charge back."""
    dated, at = _moment(item.get("created"), zone)
    return _row(
        item, kind=kind, key=wire.ref(item), field="amount", dated=dated, at=at,
        reference=wire.text(item.get("reason"), 240), group_key=payments.payment_id(item),
        **_customer(wire.part(item.get("charge")), item),
    )  # fmt: skip


def customer(item: Json, zone: str) -> SnapshotRow | None:
    """No money: ``reference`` is the first tax id, ``currency`` the one it is billed in, if any."""
    tax_ids = [wire.text(one.get("value"), 240) for one in wire.items(item.get("tax_ids"))]
    return SnapshotRow(
        kind="customer",
        external_id=_identity(item, "customer"),
        key=wire.ref(item),
        currency=wire.text(item.get("currency"), 3).upper(),
        amount=0,
        dated=wire.day(item.get("created"), zone, field="created").isoformat(),
        state="active",
        number=wire.ref(item),
        reference=next(iter(tax_ids), "") or wire.text(item.get("business_vat_id"), 240),
        party=wire.text(item.get("name"), 240) or wire.text(item.get("email"), 240),
        entity=wire.entity(item),
    )


def fee(item: Json, zone: str) -> SnapshotRow | None:
    """What the processor kept of a payment, from its balance transaction."""
    if not payments.is_of_charge(item) or item.get("type") == payments.REVERSAL:
        return None
    dated, at = _moment(item.get("created"), zone)
    charge = wire.part(item.get("source"))
    return _row(
        item, kind="fee", key=payments.payment_id(charge), field="fee", dated=dated, at=at,
        group_key=payments.payment_id(charge), entity=wire.entity(charge),
    )  # fmt: skip


def balance(item: Json, zone: str, *, payout: Json) -> SnapshotRow | None:
    """What moved the balance and is paid out with ``payout``: gross less its fee."""
    if item.get("type") == "payout":
        return None
    source = wire.part(item.get("source"))
    charge = source.get("object") == "charge"
    dated, at = _moment(item.get("created"), zone)
    return _row(
        item, kind="balance", field="net", dated=dated, at=at, group_key=wire.ref(payout),
        key=payments.payment_id(source) if charge else wire.ref(item.get("source")),
        state=wire.text(item.get("type"), 24), entity=wire.entity(payout),
        reference=wire.text(item.get("description"), 240),
    )  # fmt: skip


def _moment(seconds: Any, zone: str, field: str = "created") -> tuple[date, str]:
    """The day in the connection's zone, and the instant."""
    found = wire.instant(seconds, field=field)
    return local_date(found, zone), found.isoformat()


def _row(item: Json, *, kind: str, key: str, field: str, dated: date, **told: Any) -> SnapshotRow:
    code = wire.currency(item.get("currency"))
    return SnapshotRow(
        kind=kind,
        external_id=_identity(item, kind),
        key=key,
        currency=code,
        amount=wire.minor(item.get(field), code, field=field),
        dated=dated.isoformat(),
        **{"state": wire.text(item.get("status"), 24), "entity": wire.entity(item), **told},
    )


def _identity(item: Json, kind: str) -> str:
    identity = wire.ref(item)
    if not identity:
        raise PayloadUnreadable(f"A listed {kind} has no id.")
    return identity


def _tax(item: Json, code: str) -> int:
    """Of a whole document, whichever generation of the API wrote it."""
    if any(item.get(name) for name in _STATED):
        return sum(tax["amount"] for tax in lines.taxes(item, code))
    return wire.minor(item["tax"], code, field="tax") if item.get("tax") else 0


def _customer(*holders: Json) -> dict[str, str]:
    """Name and books of an expanded customer; the document's own hint comes first."""
    found = next((one for one in (wire.part(h.get("customer")) for h in holders) if one), {})
    return {
        "party": wire.text(found.get("name"), 240) or wire.text(found.get("email"), 240),
        "entity": wire.entity(*holders, found),
    }

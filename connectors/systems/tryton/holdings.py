"""What else Tryton lists: what customers paid, customers, accounts and periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.contract import SnapshotRow
from connectors.systems.tryton import journal, wire
from connectors.systems.tryton.books import Library

MODELS: Final = {
    "payment": "account.move.line",
    "customer": "party.party",
    "account": "account.account",
    "period": "account.period",
}
_FIELDS: Final = {
    "payment": (
        "move.company",
        "move.date",
        "move.number",
        "move.description",
        "party.code",
        "party.name",
        "credit",
        "reconciliation",
    ),
    "customer": ("code", "name", "identifiers.type", "identifiers.code"),
    "account": ("company", "code", "name", "closed"),
    "period": ("company", "name", "start_date", "state"),
}


def fields(kind: str, library: Library) -> Sequence[str]:
    """What is read of each; the invoice that a payment is for, where there are invoices."""
    more = ("invoice_payment.reference",) if kind == "payment" and library.invoices else ()
    return (*_FIELDS[kind], *more)


def domain(kind: str, library: Library, days: Sequence[Any]) -> list[Any]:
    """
    Payments are what stands on the credit side of a customer's account and is no credit note. What
    has no day, such as a party, is listed whatever the days are.
    """
    companies = list(library.books)
    if kind == "payment":
        return [
            ["move.company", "in", companies],
            ["move.state", "=", "posted"],
            ["move.date", ">=", days[0]],
            ["move.date", "<=", days[1]],
            ["account.type.receivable", "=", True],
            ["credit", ">", wire.decimal(0, 2)],
            *([["move.origin", "=", None]] if library.invoices else []),
        ]
    if kind == "customer":
        return []
    here = ["company", "in", companies]
    if kind == "account":
        return [here]
    return [
        here,
        ["type", "=", "standard"],
        ["start_date", "<=", days[1]],
        ["end_date", ">=", days[0]],
    ]


def row(kind: str, told: Mapping[str, Any], library: Library, start: str) -> SnapshotRow:
    """What has no day of its own is of the first one that was asked for, and of no amount."""
    if kind == "payment":
        return _payment(told, library)
    if kind == "customer":
        numbers = [str(one["code"]) for one in told["identifiers."] or () if one["type"]]
        return SnapshotRow(
            kind=kind, external_id=f"party:{told['id']}", key=str(told["code"] or ""), currency="",
            amount=0, dated=start, state="active", number=str(told["code"] or ""),
            reference=next(iter(numbers), ""), party=str(told["name"] or ""),
        )  # fmt: skip
    books = library.books[told["company"]]
    if kind == "account":
        return SnapshotRow(
            kind=kind, external_id=f"account:{told['id']}", key=str(told["code"] or ""),
            currency=books.currency, amount=0, dated=start,
            state="closed" if told["closed"] else "open", number=str(told["code"] or ""),
            reference=str(told["name"] or ""), entity=books.code,
        )  # fmt: skip
    return SnapshotRow(
        kind=kind, external_id=f"period:{told['id']}", key=str(told["name"]),
        currency=books.currency, amount=0, dated=wire.iso(told["start_date"]),
        state=str(told["state"]), number=str(told["name"]), entity=books.code,
    )  # fmt: skip


def _payment(told: Mapping[str, Any], library: Library) -> SnapshotRow:
    """``due`` is what of it pays no invoice yet; ``group_key`` our key of the one that it pays."""
    move = wire.nested(told, "move")
    books = library.books[move["company"]]
    party = wire.nested(told, "party") or {}
    amount = wire.minor(told["credit"], books.digits) or 0
    paid = told.get("invoice_payment.") or {}
    key = journal.key_in(move["description"])
    ours = key.startswith(journal.OURS)
    settled = bool(paid) or told["reconciliation"] is not None
    return SnapshotRow(
        kind="payment", external_id=f"line:{told['id']}", key=key if ours else "",
        currency=books.currency, amount=amount, dated=wire.iso(move["date"]),
        state="settled" if settled else "open", number=str(move["number"] or ""),
        reference=str(move["description"] or "")[:240],
        group_key=journal.key_in(paid.get("reference")),
        party=str(party.get("name") or ""), entity=books.code, due=0 if settled else amount,
    )  # fmt: skip

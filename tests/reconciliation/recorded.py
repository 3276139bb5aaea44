"""Records of ours, what our books hold of them, and what a comparison finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from connectors.models import Connection
from revops.canonical.models import Credit, Payment, Refund
from revops.canonical.models.base import Record
from revops.kernel import clock, correlation
from revops.kernel.keys import sha256
from revops.ledger.models import JournalEntry, JournalLine
from revops.mappings.models import AccountMap, MappingVersion
from revops.reconciliation.models import Break, Load, Pair
from revops.reconciliation.operations import runs
from tests import factories as make

DAY: Final = date(2026, 10, 10)
ROLES: Final = {
    "receivable": "1100", "processor_clearing": "1050", "customer_credit": "2400",
    "refunds_payable": "2410",
}  # fmt: skip
LONG_AGO: Final = datetime(2026, 10, 2, tzinfo=UTC)
SINCE: Final = DateRange(date(2025, 1, 1), None)
# Everything that one pair of rows of the same key can differ in, and rows without counterpart.
FOUND: Final = [
    ("amount", 100), ("currency", -9_000), ("currency", 9_000), ("duplicate", -800),
    ("missing_left", -700),
    ("missing_right", 600), ("period", 0), ("state", 0),
]  # fmt: skip

Recorded = Callable[..., Record]


def open_books() -> None:
    """One entity's, with the accounts that these records are booked on."""
    entity = make.a_legal_entity()
    make.a_period(entity)
    common = {"legal_entity": entity, "valid": SINCE, "version": a_version()}
    AccountMap.objects.bulk_create(
        AccountMap(role=role, account=make.a_ledger_account(code, role), **common)
        for role, code in ROLES.items()
    )


def a_version() -> MappingVersion:
    return MappingVersion.objects.create(note="", made_by="test")


def _made(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "connection": make.a_connection(), "legal_entity": make.a_legal_entity(),
        "correlation_id": correlation.new_id(), "created_at": clock.now(),
        "updated_at": clock.now() - timedelta(days=3), "currency": "USD",
    } | values  # fmt: skip


def a_credit(number: str, amount: int, **values: Any) -> Record:
    tax = values.pop("tax", 0)
    made = _made({"issued_on": DAY, "effective_on": DAY - timedelta(days=20), "state": "issued"})
    return Credit.objects.create(
        source_id=f"cn_{number}", customer=make.a_customer(make.a_connection()), total=amount,
        net=amount - tax, tax=tax, credit_type="concession", settles="invoice", **made | values,
    )  # fmt: skip


def a_payment(number: str, amount: int, **values: Any) -> Payment:
    if values.pop("undone", False):
        values |= {"state": "returned", "returned": amount}
    made = _made({"dated": DAY, "state": "applied"})
    return Payment.objects.create(source_id=f"py_{number}", amount=amount, **made | values)


def a_refund(number: str, amount: int, **values: Any) -> Record:
    if values.pop("undone", False):
        values["returned_on"] = DAY
    paid, made = a_payment(number, amount), _made({"dated": DAY})
    return Refund.objects.create(
        source_id=f"re_{number}", payment=paid, amount=amount, **made | values
    )


def booked(record: Record, kind: str, amount: int, *, side: str, **values: Any) -> JournalEntry:
    """An entry of the record on ``side`` with ``amount`` (debit positive), some of it a tax."""
    tax, other, item = values.pop("tax", 0), "4000", values.pop("item", "")
    customer = values.pop("customer", "")
    made: dict[str, Any] = {
        "document_type": kind, "business_key": f"billing:{record.source_id}", "lane": "primary",
        "record_kind": type(record).__name__.lower(), "record_id": record.pk, "revision": 1,
        "currency": "USD", "functional_currency": "USD", "accounting_date": DAY,
        "description": "Entry", "rule": "test", "mapping_version": 1, "amount": abs(amount),
        "content_sha256": sha256("entry"), "correlation_id": correlation.new_id(),
        "recorded_at": clock.now() - timedelta(days=3), "legal_entity": make.a_legal_entity(),
        "period": make.a_period(),
    }  # fmt: skip
    sides = [(side, amount, ""), (other, -amount - tax, ""), ("2100", tax, "US-TX")]
    with transaction.atomic():
        entry = JournalEntry.objects.create(**(made | values))
        JournalLine.objects.bulk_create(
            JournalLine(
                entry=entry, position=place, account=account, amount=moved, functional=moved,
                tax_code=code, item=item if account == side else "", customer_ref=customer,
            )
            for place, (account, moved, code) in enumerate(sides) if moved
        )  # fmt: skip
    return entry


def a_load(connection: Connection, kind: str) -> Load:
    """A list that was just read."""
    return Load.objects.create(
        connection=connection, kind=kind, state="done", began_at=clock.now(), by="test",
        starts=date(2026, 9, 30), ends=date(2026, 11, 1),
    )  # fmt: skip


def found(check: str, left: Any = None, right: Any = None) -> list[tuple[str, int]]:
    """(type, left − right) of what stands after comparing October, which ties out."""
    pair = Pair.objects.get_or_create(check_slug=check, left=left, right=right)[0]
    run = runs.run(
        pair_id=pair.pk, entity_id=make.a_legal_entity().pk, period_code="2026-10", full=True,
        by="test",
    )  # fmt: skip
    assert (run.state, run.error) == ("done", "")
    assert {one["unclassified"] for one in run.figures.values()} <= {0}
    standing = Break.objects.filter(pair=pair).exclude(state="settled")
    return sorted(standing.values_list("type", "difference"))

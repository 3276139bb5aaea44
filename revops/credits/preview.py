"""
What a credit will do to the books, by the very rules that will do it. Nothing is written: the event
is applied to a batch in memory and journalized, and both are thrown away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from revops.canonical.models import Invoice
from revops.canonical.operations import Batch, Telling
from revops.contracts.credits import CreditIssued
from revops.credits.policy import Billed
from revops.kernel import strict_json
from revops.kernel.money import divide_half_up
from revops.ledger.books import EntityBooks, all_books
from revops.ledger.drafts import CannotJournalize, JournalDraft
from revops.ledger.rules import period_end
from revops.ledger.schedules import PeriodMissing
from revops.pipeline.journalize import Facts, Knowledge, journalize
from revops.pipeline.period_end.credits import ACCRUED
from revops.pipeline.transform.crediting import Creditable, settles, spread
from revops.store import sql

_ACCOUNTS = "SELECT code, name FROM mappings_ledgeraccount WHERE code = ANY(%s)"
_TAXES = "SELECT line_id, amount, taxes FROM canonical_invoiceline WHERE invoice_id = %s"


@dataclass(frozen=True, slots=True)
class Side:
    """A line of an entry; debits positive, in minor units of the entry's currency."""

    account: str
    name: str
    text: str
    amount: int

    @property
    def credit(self) -> int:
        """Positive, of a line on the credit side."""
        return -self.amount


@dataclass(frozen=True, slots=True)
class Entry:
    """``when`` says what makes it happen. ``open`` is whether its period takes postings."""

    when: str
    on: date
    period: str
    open: bool
    currency: str
    sides: Sequence[Side]

    @property
    def total(self) -> int:
        return sum(side.amount for side in self.sides if side.amount > 0)


@dataclass(frozen=True, slots=True)
class Preview:
    """``problem`` says why the books cannot take it; then there are no entries."""

    entries: Sequence[Entry] = ()
    tax: int = 0
    settles: str = ""
    problem: str = ""


def preview(
    *, invoice: Invoice, lines: Sequence[Billed], number: str, credit_type: str, amount: int,
    entitled_on: date, today: date, at: datetime, otherwise: str = "",
) -> Preview:  # fmt: skip
    """
    The accrual while it waits beyond its period, and the credit memo of today. ``otherwise``: where
    the money goes, when somebody chose that.
    """
    books = all_books().get(invoice.legal_entity_id or 0)
    if books is None:
        return Preview(problem="The invoice belongs to no legal entity’s books.")
    try:
        event = _memo(invoice, lines, number, credit_type, amount, entitled_on, today, otherwise)
        drafts = _drafts(invoice, event, books, at)
        found = [_entry("When billing has issued it: credit memo", one, books) for one in drafts]
        if credit_type in ACCRUED:
            found[:0] = _accrual(invoice, number, amount, entitled_on, books)
    except (CannotJournalize, PeriodMissing, ValueError) as error:
        return Preview(problem=str(error))
    return Preview(
        entries=_named(found),
        tax=event.total - amount,
        settles=event.settles,
    )


def _memo(
    invoice: Invoice, lines: Sequence[Billed], number: str, credit_type: str, amount: int,
    entitled_on: date, today: date, otherwise: str,
) -> CreditIssued:  # fmt: skip
    """The memo as billing will tell it: tax in the proportion of each line's own."""
    left = [
        Creditable(
            line.line_id, line.rest, line.service.start if line.service else None,
            line.service.end if line.service else None,
        )
        for line in lines
    ]  # fmt: skip
    shares = spread(amount, left, day=entitled_on)
    taxed = {row.line_id: row for row in sql.rows(_TAXES, (invoice.pk,))}
    made: list[dict[str, Any]] = []
    for line_id, share in shares.items():
        row = taxed[line_id]
        taxes = [
            {"code": tax["code"], "amount": divide_half_up(tax["amount"] * share, row.amount)}
            for tax in strict_json.loads(row.taxes)
        ]
        made.append(
            {"line_id": f"{number}-{line_id}"[:120], "invoice_line_id": line_id, "amount": share,
             "taxes": taxes}
        )  # fmt: skip
    total = amount + sum(tax["amount"] for line in made for tax in line["taxes"])
    open_amount = invoice.total - invoice.applied - invoice.credited
    return CreditIssued.model_validate(
        {
            "credit_id": f"preview-{number}",
            "number": number,
            "customer_id": invoice.customer.source_id,
            "invoice_id": invoice.source_id,
            "credit_type": credit_type,
            "settles": otherwise or settles(invoice.state, open_amount),
            "currency": invoice.currency,
            "issued_on": today,
            "lines": made,
            "total": total,
            "request_ref": number,
        }
    )


def _drafts(
    invoice: Invoice, event: CreditIssued, books: EntityBooks, at: datetime
) -> Sequence[JournalDraft]:
    """Locks on the schedules that it reads are given back at the end of the transaction."""
    with sql.atomic():
        batch = Batch(invoice.connection_id)
        batch.load([event])
        own = {entity_id: one.functional_currency for entity_id, one in all_books().items()}
        known = Knowledge.of(invoice.connection.slug, batch, [event], own)
        batch.apply(event, Telling(0, books.id, "", at, 0, 0))
        return journalize(event, Facts(invoice.connection.slug, batch, books, known)).drafts


def _accrual(
    invoice: Invoice, number: str, amount: int, entitled_on: date, books: EntityBooks
) -> list[Entry]:
    """J5c1, at the end of the period that gave the right, while that is open."""
    _, period = books.period_of(entitled_on)
    if not period.open:
        return []
    pending = period_end.Pending(
        number, invoice.currency, amount, invoice.customer.source_id, invoice.customer.name
    )
    key = f"{invoice.connection.slug}:{number}"
    draft = period_end.credit_accrued(
        pending, books.on(period.span.end), business_key=key, on=period.span.end
    )
    return [_entry(f"If it still waits at the end of {period.code}: accrual", draft, books)]


def _entry(when: str, draft: JournalDraft, books: EntityBooks) -> Entry:
    _, period = books.period_of(draft.accounting_date)
    sides = [
        Side(line.account, "", line.memo, line.amount)
        for line in sorted(draft.lines, key=lambda line: -line.amount)
    ]
    return Entry(when, draft.accounting_date, period.code, period.open, draft.currency, sides)


def _named(entries: Sequence[Entry]) -> list[Entry]:
    codes = sorted({side.account for entry in entries for side in entry.sides})
    names = {row.code: row.name for row in sql.rows(_ACCOUNTS, (codes,))}
    return [
        Entry(
            entry.when, entry.on, entry.period, entry.open, entry.currency,
            [
                Side(side.account, names.get(side.account, ""), side.text, side.amount)
                for side in entry.sides
            ],
        )
        for entry in entries
    ]  # fmt: skip

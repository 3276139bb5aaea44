"""
What settles an invoice, tied to it in Tryton: a payment, a credit note, any move that says so. What
takes that back, such as a payment that bounced, unties it (``untying``).

Tying is a line's ``invoice_payment``: it lowers what is to be paid, and a line has one at most.
When nothing is left to be paid, all lines are reconciled, and Tryton calls the invoice paid. Done
twice, it changes nothing. Whatever becomes of it, the posting itself stands: what could not be tied
stays on the customer's account, where reconciliation sees it as an open amount that differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.systems.tryton import forms, items, untying, wire
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.invoices import key_of
from connectors.systems.tryton.jobs import Job
from connectors.systems.tryton.wire import Tryton

_INVOICE: Final = (
    "reference",
    "state",
    "company",
    "account",
    "amount_to_pay",
    "lines_to_pay.reconciliation",
    "payment_lines.reconciliation",
)
_SETTLED: Final = (Outcome.OK, Outcome.ALREADY_DONE)


@dataclass(slots=True)
class _Open:
    """
    An invoice that something is still to be paid of. ``lines`` are what would be reconciled,
    ``stale`` lines that paid it once and were taken back.
    """

    id: int
    company: int
    account: int
    open: int
    lines: set[int] = field(default_factory=set)
    stale: set[int] = field(default_factory=set)


async def settle(tryton: Tryton, library: Library, jobs: Iterable[Job]) -> None:
    """For each posted job that settles invoices of ours. A problem leaves the rest as it is."""
    posted = [job for job in jobs if job.receipt and job.receipt.outcome in _SETTLED]
    settling = [job for job in posted if job.posting.settles]
    reopening = [job for job in posted if job.posting.reopens]
    if not library.invoices or not (settling or reopening):
        return
    later = tryton.unhurried()
    try:
        if settling:
            await _settle(later, library, settling)
        for job in reopening:
            await untying.reopen(later, library, job)
    except Problem:
        return


async def _settle(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> None:
    keys = {one.key for job in jobs for one in job.posting.settles}
    invoices = await _invoices(tryton, library, sorted(keys))
    if not invoices:
        return
    held = [job.receipt.external_id for job in jobs if job.receipt]
    lines = await items.of(tryton, held)
    for job in jobs:
        own = lines.get(job.receipt.external_id, []) if job.receipt else []
        for one in job.posting.settles:
            invoice = invoices.get(one.key)
            line = _fitting(own, invoice, one.amount, library) if invoice else None
            if invoice is None or line is None:
                continue
            if line["invoice_payment"] is None:
                if one.amount > invoice.open:
                    continue
                for stale in invoice.stale:
                    await tryton.write(items.MODEL, stale, {"invoice_payment": None})
                invoice.stale.clear()
                await tryton.write(items.MODEL, line["id"], {"invoice_payment": invoice.id})
                line["invoice_payment"] = invoice.id
                invoice.open -= one.amount
            invoice.lines.add(line["id"])
            if not invoice.open:
                await items.reconcile(tryton, sorted(invoice.lines))


async def _invoices(tryton: Tryton, library: Library, keys: Sequence[str]) -> dict[str, _Open]:
    """Posted ones by our key."""
    patterns = [[forms.INVOICE.field, "like", f"{key}%"] for key in keys]
    rows = await tryton.search(forms.INVOICE.model, ["OR", *patterns], _INVOICE)
    found: dict[str, _Open] = {}
    for row in rows:
        books = library.books.get(row["company"])
        if row["state"] != "posted" or books is None:
            continue
        due = wire.minor(row["amount_to_pay"], books.digits)
        if due is None:
            continue
        held = _Open(row["id"], row["company"], row["account"], due)
        for name in ("lines_to_pay", "payment_lines"):
            for line in wire.nested(row, name) or ():
                if line["reconciliation"] is None:
                    held.lines.add(line["id"])
                elif name == "payment_lines":
                    held.stale.add(line["id"])
        found[key_of(row)] = held
    return found


def _fitting(
    lines: Sequence[dict[str, Any]], invoice: _Open, amount: int, library: Library
) -> dict[str, Any] | None:
    """The line over just this amount that pays this invoice already, or none yet."""
    digits = library.books[invoice.company].digits
    for line in lines:
        debit, credit = (wire.minor(line[side], digits) or 0 for side in ("debit", "credit"))
        tied = line["invoice_payment"] in (None, invoice.id)
        free = tied and line["reconciliation"] is None
        if free and (credit - debit, line["account"]) == (amount, invoice.account):
            return line
    return None

"""
What had settled an invoice and is taken back: a payment that bounced, a credit note that is void.

The two settle each other from then on, and the invoice is open again. The line that paid it stays
tied as long as Tryton calls the invoice paid; it is untied when something else pays it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.systems.tryton import items, lookup, wire
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.jobs import Job
from connectors.systems.tryton.wire import Tryton


async def reopen(tryton: Tryton, library: Library, job: Job) -> None:
    """For a posted job. What is not found stays on the customer's account. Raises Problem."""
    if job.receipt is None or job.books is None or not tryton.posts_in_batches:
        return
    taking = job.receipt.external_id
    known = await lookup.by_keys(tryton, library, [one.key for one in job.posting.reopens])
    for one in job.posting.reopens:
        settled = next((held for held in known.get(one.key, ()) if held.posted), None)
        if settled is None:
            continue
        lines = await items.of(tryton, (taking, settled.external_id))
        digits = job.books.digits
        back = _line(lines.get(taking, ()), "debit", one.amount, digits)
        paid = _line(lines.get(settled.external_id, ()), "credit", one.amount, digits)
        if back is None or paid is None or back["reconciliation"] is not None:
            continue
        if back["account"] != paid["account"]:
            continue
        if paid["reconciliation"] is not None:
            await items.unreconcile(tryton, [paid["id"]])
        elif paid["invoice_payment"] is not None:
            await tryton.write(items.MODEL, paid["id"], {"invoice_payment": None})
        await items.reconcile(tryton, [paid["id"], back["id"]])


def _line(
    lines: Sequence[dict[str, Any]], side: str, amount: int, digits: int
) -> dict[str, Any] | None:
    return next((line for line in lines if wire.minor(line[side], digits) == amount), None)

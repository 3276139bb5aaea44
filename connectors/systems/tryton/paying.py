"""
What settles an invoice, tied to it in Tryton: a payment, a credit note, any move that says so.

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
from connectors.systems.tryton import forms, wire
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.invoices import key_of
from connectors.systems.tryton.jobs import Job
from connectors.systems.tryton.wire import Tryton

_LINE: Final = "account.move.line"
_WIZARD: Final = "wizard.account.move.reconcile_lines"
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
    """An invoice that something is still to be paid of; ``lines`` are what would be reconciled."""

    id: int
    company: int
    account: int
    open: int
    lines: set[int] = field(default_factory=set)


async def settle(tryton: Tryton, library: Library, jobs: Iterable[Job]) -> None:
    """For each posted job that settles invoices of ours. A problem leaves the rest as it is."""
    wanted = [
        job
        for job in jobs
        if job.journal.settles and job.receipt is not None and job.receipt.outcome in _SETTLED
    ]
    if not wanted or not library.invoices:
        return
    later = tryton.unhurried()
    try:
        await _settle(later, library, wanted)
    except Problem:
        return


async def _settle(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> None:
    keys = {one.key for job in jobs for one in job.journal.settles}
    invoices = await _invoices(tryton, library, sorted(keys))
    if not invoices:
        return
    lines = await _lines(tryton, jobs)
    for job in jobs:
        own = lines.get(job, [])
        for one in job.journal.settles:
            invoice = invoices.get(one.key)
            line = _fitting(own, invoice, one.amount, library) if invoice else None
            if invoice is None or line is None:
                continue
            if line["invoice_payment"] is None:
                if one.amount > invoice.open:
                    continue
                await tryton.write(_LINE, line["id"], {"invoice_payment": invoice.id})
                line["invoice_payment"] = invoice.id
                invoice.open -= one.amount
            invoice.lines.add(line["id"])
            if not invoice.open:
                await _paid(tryton, invoice)


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
        found[key_of(row)] = held
    return found


async def _lines(tryton: Tryton, jobs: Sequence[Job]) -> dict[Job, list[dict[str, Any]]]:
    """The lines on customers' accounts that each job's document made, unless they are settled."""
    of_invoices = [int(forms.INVOICE.number(one)) for job in jobs if _invoice(one := _held(job))]
    moves: dict[int, Job] = {}
    made: dict[int, int] = {}
    if of_invoices:
        rows = await tryton.search(forms.INVOICE.model, [["id", "in", of_invoices]], ["move"])
        made = {row["id"]: row["move"] for row in rows}
    for job in jobs:
        held = _held(job)
        number = int(forms.of(held).number(held))
        move = made.get(number) if _invoice(held) else number
        if move is not None:
            moves[move] = job
    rows = await tryton.search(
        _LINE,
        [
            ["move", "in", sorted(moves)],
            ["account.type.receivable", "=", True],
            ["reconciliation", "=", None],
        ],
        ["move", "account", "debit", "credit", "invoice_payment"],
        order=[["id", "ASC"]],
    )
    found: dict[Job, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(moves[row["move"]], []).append(row)
    return found


def _held(job: Job) -> str:
    assert job.receipt is not None
    return job.receipt.external_id


def _invoice(external_id: str) -> bool:
    return forms.of(external_id).invoice


def _fitting(
    lines: Sequence[dict[str, Any]], invoice: _Open, amount: int, library: Library
) -> dict[str, Any] | None:
    """The line over just this amount that pays this invoice already, or none yet."""
    digits = library.books[invoice.company].digits
    for line in lines:
        debit, credit = (wire.minor(line[side], digits) or 0 for side in ("debit", "credit"))
        free = line["invoice_payment"] in (None, invoice.id)
        if free and (credit - debit, line["account"]) == (amount, invoice.account):
            return line
    return None


async def _paid(tryton: Tryton, invoice: _Open) -> None:
    """
    All of it is paid: its lines settle each other, after which Tryton's worker calls it paid, with
    the credit notes among them. Tryton lets people reconcile by a wizard only, and the door to
    wizards takes the login: without a password, a person does it.
    """
    if not tryton.posts_in_batches:
        return
    ids = sorted(invoice.lines)
    opened = {"active_model": _LINE, "active_id": ids[0], "active_ids": ids}
    session, *_ = await tryton.rpc(f"{_WIZARD}.create", context=opened)
    await tryton.rpc(f"{_WIZARD}.execute", session, {}, "start", context=opened)
    await tryton.rpc(f"{_WIZARD}.delete", session)

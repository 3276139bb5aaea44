"""
Open items: the lines that a document has on customers' accounts, and what settles what.

Tryton lets people reconcile, and take that back, by wizards only, and the door to wizards takes the
login: without a password, a person does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from connectors.systems.tryton import forms
from connectors.systems.tryton.wire import Tryton

MODEL: Final = "account.move.line"
_READ: Final = ("move", "account", "debit", "credit", "invoice_payment", "reconciliation")


async def of(tryton: Tryton, held: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The lines of documents by our names of them; without such lines one is absent."""
    moves: dict[int, str] = {}
    invoices: dict[int, str] = {}
    for name in held:
        form = forms.of(name)
        number = form.number(name)
        if number.isdecimal():
            (invoices if form.invoice else moves)[int(number)] = name
    if invoices:
        wanted = [["id", "in", sorted(invoices)]]
        for row in await tryton.search(forms.INVOICE.model, wanted, ["move"]):
            if row["move"] is not None:
                moves[row["move"]] = invoices[row["id"]]
    rows = await tryton.search(
        MODEL,
        [["move", "in", sorted(moves)], ["account.type.receivable", "=", True]],
        _READ,
        order=[["id", "ASC"]],
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(moves[row["move"]], []).append(row)
    return found


async def reconcile(tryton: Tryton, lines: Sequence[int]) -> None:
    """
    Lines of one account and party that come to nothing settle each other; Tryton's worker calls the
    invoices among them paid.
    """
    await _wizard(tryton, "account.move.reconcile_lines", "start", lines)


async def unreconcile(tryton: Tryton, lines: Sequence[int]) -> None:
    """What these lines are part of settles nothing any more; its invoices are open again."""
    await _wizard(tryton, "account.move.unreconcile_lines", "unreconcile", lines)


async def _wizard(tryton: Tryton, name: str, step: str, lines: Sequence[int]) -> None:
    if not tryton.posts_in_batches:
        return
    opened = {"active_model": MODEL, "active_id": lines[0], "active_ids": list(lines)}
    session, *_ = await tryton.rpc(f"wizard.{name}.create", context=opened)
    await tryton.rpc(f"wizard.{name}.execute", session, {}, step, context=opened)
    await tryton.rpc(f"wizard.{name}.delete", session)

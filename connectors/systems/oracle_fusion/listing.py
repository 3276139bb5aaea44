"""What Fusion lists: postings in a range of days, and customers, accounts and periods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from connectors.contract import Outcome, SnapshotRow
from connectors.problem import Problem
from connectors.systems.oracle_fusion import customers, lookup, receivables, wire
from connectors.systems.oracle_fusion.books import Library
from connectors.systems.oracle_fusion.lookup import BATCHES, EXPANDED, Held
from connectors.systems.oracle_fusion.receivables import FORMS, Form
from connectors.systems.oracle_fusion.wire import CRM, Fusion, Row
from revops.kernel.money import minor_digits

PAGE: Final = 100
# What Receivables hands over to the general ledger is listed as its documents already.
SUBLEDGER: Final = "Receivables"
_FORMS: Final = {
    "invoice": receivables.INVOICE,
    "credit_memo": receivables.CREDIT_MEMO,
    "payment": receivables.RECEIPT,
}
_TEXT: Final = 240
_Page = tuple[Sequence[SnapshotRow], str]


async def page(
    fusion: Fusion, library: Library, kind: str, start: str, end: str, cursor: str
) -> _Page:
    """
    One page; ``customer``, ``account`` and ``period`` are what there is, whatever the days. Raises
    Problem.
    """
    date.fromisoformat(start), date.fromisoformat(end)
    if kind == "journal":
        return await _journals(fusion, library, start, end, cursor)
    offset = int(cursor or 0)
    if kind in _FORMS:
        rows = await _documents(fusion, _FORMS[kind], start, end, offset)
        found = [_document(row, kind, library, fusion) for row in rows]
        return [one for one in found if one is not None], _next(rows, offset)
    if kind == "customer":
        order = "PartyNumber"
        rows = await fusion.rows("accounts", root=CRM, order=order, most=PAGE, offset=offset)
        return [_customer(row) for row in rows], _next(rows, offset)
    if kind == "account":
        return [_account(code, enabled) for code, enabled in library.accounts.items()], ""
    if kind == "period":
        return _periods(library), ""
    raise Problem(Outcome.REFUSED, "refused", f"Fusion lists no “{kind}” here.")


def _next(rows: Sequence[Row], offset: int) -> str:
    return str(offset + len(rows)) if len(rows) >= PAGE else ""


async def _journals(fusion: Fusion, library: Library, start: str, end: str, cursor: str) -> _Page:
    """Journals of the general ledger first, then each kind of Receivables' documents."""
    section, _, told = (cursor or "0:0").partition(":")
    place, offset = int(section), int(told)
    if place == 0:
        rows = await _batches(fusion, library, start, end, offset)
        held = [
            one
            for row in rows
            for one in lookup.of_batch(row, library, fusion)
            if one.source != SUBLEDGER and start <= one.day <= end
        ]
    else:
        form = FORMS[place - 1]
        rows = await _documents(fusion, form, start, end, offset)
        found = (lookup.of_document(row, form, library, fusion) for row in rows)
        held = [one for one in found if one is not None]
    onward = _next(rows, offset)
    following = f"{place + 1}:0" if place < len(FORMS) else ""
    return [_journal(one) for one in held], f"{place}:{onward}" if onward else following


async def _batches(
    fusion: Fusion, library: Library, start: str, end: str, offset: int
) -> list[Row]:
    """A batch has no day of its own, but a period."""
    names = {
        period.name
        for ledger in library.ledgers.values()
        for period in ledger.periods
        if period.starts <= end and period.ends >= start
    }
    if not names:
        return []
    q = wire.any_of("DefaultPeriodName", sorted(names))
    return await fusion.rows(
        BATCHES, q=q, expand=EXPANDED, order="JeBatchId", most=PAGE, offset=offset
    )


async def _documents(fusion: Fusion, form: Form, start: str, end: str, offset: int) -> list[Row]:
    q = f"AccountingDate >= '{start}' and AccountingDate <= '{end}'"
    return await fusion.rows(
        form.resource, q=q, expand=form.distributions, order=form.id, most=PAGE, offset=offset
    )


def _journal(held: Held) -> SnapshotRow:
    currency = held.ledger.currency
    sums: dict[str, int] = {}
    for account, debit, credit in held.lines:
        sums[account] = sums.get(account, 0) + debit - credit
    return SnapshotRow(
        kind="journal",
        external_id=held.external_id,
        key=held.key,
        currency=currency,
        amount=sum(debit for _, debit, _ in held.lines),
        dated=held.day,
        state="posted" if held.posted else "draft",
        number=held.number,
        reference=held.text[:_TEXT],
        group_key=held.party_key,
        party=held.party,
        entity=held.ledger.legal_entity,
        accounts={currency: {account: amount for account, amount in sums.items() if amount}},
    )


def _document(row: Row, kind: str, library: Library, fusion: Fusion) -> SnapshotRow | None:
    """A credit memo is negative, as the customer's balance has it."""
    form = _FORMS[kind]
    held = lookup.of_document(row, form, library, fusion)
    if held is None:
        return None
    digits = minor_digits(held.ledger.currency)
    moved = sum(
        debit - credit for account, debit, credit in held.lines if account == fusion.receivable
    )
    due = wire.minor(row.get("InvoiceBalanceAmount"), digits) if kind == "invoice" else None
    return SnapshotRow(
        kind=kind,
        external_id=held.external_id,
        key=held.key,
        currency=held.ledger.currency,
        amount=-moved if kind == "payment" else moved,
        dated=held.day,
        state="posted" if held.posted else "draft",
        number=held.number,
        reference=str(row.get("CrossReference") or held.text)[:_TEXT],
        group_key=held.party_key,
        party=held.party,
        entity=held.ledger.legal_entity,
        due=due,
    )


def _customer(row: Row) -> SnapshotRow:
    marks = [mark for mark in str(row.get("Comments") or "").split("|") if mark]
    named = {name: value for name, _, value in (mark.partition(":") for mark in reversed(marks))}
    return SnapshotRow(
        kind="customer",
        external_id=f"{customers.PREFIX}{wire.text(row, 'PartyNumber')}",
        key=named.get("id", ""),
        currency="",
        amount=0,
        dated="",
        state="active",
        number=named.get("ar", ""),
        party=str(row.get("OrganizationName") or ""),
    )


def _account(code: str, enabled: bool) -> SnapshotRow:
    return SnapshotRow(
        kind="account",
        external_id=code,
        key=code,
        currency="",
        amount=0,
        dated="",
        state="active" if enabled else "inactive",
        number=code,
    )


def _periods(library: Library) -> list[SnapshotRow]:
    return [
        SnapshotRow(
            kind="period",
            external_id=f"{ledger.unit.ledger}:{period.name}",
            key=period.starts[:7],
            currency=ledger.currency,
            amount=0,
            dated=period.starts,
            state="open" if period.open else "closed",
            number=period.name,
            entity=ledger.legal_entity,
        )
        for ledger in library.ledgers.values()
        for period in ledger.periods
    ]

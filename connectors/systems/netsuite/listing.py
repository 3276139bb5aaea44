"""What NetSuite lists: transactions in a range of days, and customers, accounts and periods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from connectors.contract import Outcome, SnapshotRow
from connectors.problem import Problem
from connectors.systems.netsuite import customers, lookup, wire
from connectors.systems.netsuite.books import Library
from connectors.systems.netsuite.lookup import Held
from connectors.systems.netsuite.wire import NetSuite, Row
from revops.kernel import keys
from revops.kernel.money import AmountInvalid, minor_digits

PAGE: Final = 200
_TYPES: Final = {"invoice": "CustInvc", "credit_memo": "CustCred", "payment": "CustPymt"}
_RANGE: Final = """
t.trandate BETWEEN TO_DATE('{start}', 'YYYY-MM-DD') AND TO_DATE('{end}', 'YYYY-MM-DD')
AND t.id > {after}
"""
# A transaction that touches no account, such as an order, is none of the books'.
_IDS: Final = """
SELECT t.id FROM transaction t
WHERE {range} AND EXISTS (SELECT tal.transaction FROM transactionaccountingline tal
    WHERE tal.transaction = t.id AND tal.accountingbook = {book})
ORDER BY t.id
"""
_DOCUMENTS: Final = """
SELECT t.id, t.externalid, t.tranid, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS day, t.posting, t.voided,
    t.otherrefnum, t.memo, BUILTIN.DF(t.entity) AS party, cu.externalid AS partykey, ml.subsidiary,
    cy.symbol, t.foreigntotal, t.foreignamountunpaid
FROM transaction t
JOIN transactionline ml ON ml.transaction = t.id AND ml.mainline = 'T'
JOIN currency cy ON cy.id = t.currency
LEFT JOIN customer cu ON cu.id = t.entity
WHERE t.type = '{type}' AND {range}
ORDER BY t.id
"""
_CUSTOMERS: Final = """
SELECT c.id, c.externalid, c.entityid, c.companyname, c.isinactive,
    TO_CHAR(c.datecreated, 'YYYY-MM-DD') AS day, cy.symbol
FROM customer c LEFT JOIN currency cy ON cy.id = c.currency
WHERE c.id > {after} ORDER BY c.id
"""
_ACCOUNTS: Final = """
SELECT id, acctnumber, fullname, accttype, isinactive FROM account
WHERE id > {after} AND acctnumber IS NOT NULL ORDER BY id
"""
_TEXT: Final = 240


async def page(
    netsuite: NetSuite, library: Library, kind: str, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """
    One page by ascending internal id, so that what is made meanwhile comes later. Raises Problem.

    ``customer``, ``account`` and ``period`` are lists of what is there, whatever the days.
    """
    days = {"start": date.fromisoformat(start), "end": date.fromisoformat(end)}
    after = wire.ids([cursor]) if cursor else "0"
    if kind == "journal":
        return await _journals(netsuite, library, _RANGE.format(**days, after=after))
    if kind in _TYPES:
        query = _DOCUMENTS.format(type=_TYPES[kind], range=_RANGE.format(**days, after=after))
        rows = await netsuite.rows(query, most=PAGE)
        found = [_document(row, kind, library) for row in rows]
        return [row for row in found if row is not None], _next(rows)
    if kind == "customer":
        rows = await netsuite.rows(_CUSTOMERS.format(after=after), most=PAGE)
        return [_customer(row, library) for row in rows], _next(rows)
    if kind == "account":
        rows = await netsuite.rows(_ACCOUNTS.format(after=after), most=PAGE)
        return [_account(row) for row in rows], _next(rows)
    if kind == "period":
        return _periods(library), ""
    raise Problem(Outcome.REFUSED, "refused", f"NetSuite lists no “{kind}” here.")


def _next(rows: Sequence[Row]) -> str:
    return wire.text(rows[-1], "id") if len(rows) >= PAGE else ""


async def _journals(
    netsuite: NetSuite, library: Library, where: str
) -> tuple[Sequence[SnapshotRow], str]:
    rows = await netsuite.rows(_IDS.format(range=where, book=netsuite.book), most=PAGE)
    numbers = [wire.text(row, "id") for row in rows]
    held = await lookup.by_ids(netsuite, library, numbers)
    return [_journal(held[number]) for number in numbers if number in held], _next(rows)


def _journal(held: Held) -> SnapshotRow:
    """Any transaction, as it stands in the primary book; one that waits for approval is no part."""
    currency = held.subsidiary.currency.code
    sums: dict[str, int] = {}
    for account, debit, credit in held.lines:
        sums[account] = sums.get(account, 0) + debit - credit
    return SnapshotRow(
        kind="journal",
        external_id=held.id,
        key=held.key if held.key.startswith(keys.PREFIX) else "",
        currency=currency,
        amount=sum(debit for _, debit, _ in held.lines),
        dated=held.day,
        state="posted" if held.posted else "draft",
        number=held.number,
        reference=held.memo[:_TEXT],
        group_key=held.party_key,
        party=held.party,
        entity=held.subsidiary.legal_entity,
        accounts={currency: sums},
    )


def _document(row: Row, kind: str, library: Library) -> SnapshotRow | None:
    """A credit memo is negative, as the customer's balance has it."""
    subsidiary = library.by_id(wire.text(row, "subsidiary"))
    if subsidiary is None:
        return None
    currency = wire.text(row, "symbol")
    try:
        digits = minor_digits(currency)
    except AmountInvalid as error:
        raise Problem(Outcome.TRANSIENT, "garbled", str(error)) from error
    total = abs(wire.minor(row.get("foreigntotal"), digits))
    key = str(row.get("externalid") or "")
    posted = "posted" if wire.flag(row, "posting") else "draft"
    return SnapshotRow(
        kind=kind,
        external_id=wire.text(row, "id"),
        key=key if key.startswith(keys.PREFIX) else "",
        currency=currency,
        amount=-total if kind == "credit_memo" else total,
        dated=wire.text(row, "day"),
        state="void" if wire.flag(row, "voided") else posted,
        number=str(row.get("tranid") or ""),
        reference=str(row.get("otherrefnum") or row.get("memo") or "")[:_TEXT],
        group_key=str(row.get("partykey") or ""),
        party=str(row.get("party") or ""),
        entity=subsidiary.legal_entity,
        due=wire.minor(row.get("foreignamountunpaid"), digits) if kind == "invoice" else None,
    )


def _customer(row: Row, library: Library) -> SnapshotRow:
    fallback = next(iter(library.subsidiaries.values())).currency.code
    return SnapshotRow(
        kind="customer",
        external_id=f"{customers.PREFIX}{wire.text(row, 'id')}",
        key=str(row.get("externalid") or ""),
        currency=str(row.get("symbol") or fallback),
        amount=0,
        dated=str(row.get("day") or ""),
        state="inactive" if wire.flag(row, "isinactive") else "active",
        number=str(row.get("entityid") or ""),
        party=str(row.get("companyname") or row.get("entityid") or ""),
    )


def _account(row: Row) -> SnapshotRow:
    return SnapshotRow(
        kind="account",
        external_id=wire.text(row, "id"),
        key=wire.text(row, "acctnumber"),
        currency="",
        amount=0,
        dated="",
        state="inactive" if wire.flag(row, "isinactive") else "active",
        number=wire.text(row, "acctnumber"),
        reference=str(row.get("fullname") or "")[:_TEXT],
        group_key=str(row.get("accttype") or ""),
    )


def _periods(library: Library) -> list[SnapshotRow]:
    """The account's calendar is that of all of its subsidiaries here; dated by the first day."""
    return [
        SnapshotRow(
            kind="period",
            external_id=f"{period.id}:{subsidiary.id}",
            key=period.starts[:7],
            currency=subsidiary.currency.code,
            amount=0,
            dated=period.starts,
            state="open" if period.open else "closed",
            number=period.name,
            entity=subsidiary.legal_entity,
        )
        for period in library.periods
        for subsidiary in library.subsidiaries.values()
    ]

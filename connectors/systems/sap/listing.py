"""What SAP holds in a range of days, for reconciliation and control totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connectors.caller import any_of, lots, quoted
from connectors.contract import Outcome, SnapshotRow
from connectors.problem import Problem
from connectors.systems.sap import customers, documents, wire
from connectors.systems.sap.books import Books, Library
from connectors.systems.sap.documents import Document, Item
from connectors.systems.sap.wire import Row, Sap

_REFERENCE: Final = 240
_Page = tuple[Sequence[SnapshotRow], str]


async def page(sap: Sap, library: Library, kind: str, start: str, end: str, cursor: str) -> _Page:
    """
    One page, a company code after the other: the cursor is its place in their order, a bar, and the
    last document that was told. Raises Problem.
    """
    held = list(library.books.values())
    place, _, onward = cursor.partition("|")
    number = int(place) if place.isdecimal() else 0
    books = held[min(number, len(held) - 1)]
    if kind == "customer":
        return [_customer(row) for row in await sap.rows(customers.PARTNERS, filter=_OURS)], ""
    if kind == "account":
        rows, onward = [_account(one, books) for one in books.accounts.values()], ""
    elif kind == "period":
        rows, onward = await _periods(sap, books), ""
    elif kind in ("journal", "invoice", "credit_memo"):
        rows, onward = await _documents(sap, books, kind, start, end, onward)
    else:
        raise Problem(Outcome.REFUSED, "refused", f"SAP lists no “{kind}” here.")
    if onward:
        return rows, f"{number}|{onward}"
    return rows, f"{number + 1}|" if number + 1 < len(held) else ""


_OURS: Final = "BusinessPartnerIDByExtSystem ne ''"


async def _documents(
    sap: Sap, books: Books, kind: str, start: str, end: str, onward: str
) -> tuple[list[SnapshotRow], str]:
    wanted = (
        f"CompanyCode eq {quoted(books.company)}"
        f" and PostingDate ge datetime'{start}T00:00:00'"
        f" and PostingDate le datetime'{end}T00:00:00'"
    )
    if kind != "journal":
        name, otherwise = _TYPES[kind]
        wanted += f" and AccountingDocumentType eq {quoted(sap.said(name) or otherwise)}"
    if onward:
        year, _, document = onward.partition("-")
        wanted += (
            f" and (FiscalYear gt {quoted(year)} or (FiscalYear eq {quoted(year)}"
            f" and AccountingDocument gt {quoted(document)}))"
        )
    rows, more = await _rows(sap, wanted)
    found = documents.of(rows, books)
    last = f"{found[-1].year}-{found[-1].number}" if found and more else ""
    if kind == "journal":
        return [_journal(one, books) for one in found], last
    related = await _related(sap, books, found)
    return [_invoice(kind, one, books, related) for one in found], last


_TYPES: Final = {"invoice": ("invoice_type", "DR"), "credit_memo": ("credit_memo_type", "DG")}


async def _rows(sap: Sap, wanted: str) -> tuple[list[Row], bool]:
    """Whole documents, and whether there are more after them."""
    select = ",".join(documents.FIELDS)
    size, rows = wire.PAGE, list[Row]()
    while True:
        page = await sap.page(
            documents.ITEMS,
            top=size,
            skip=len(rows),
            filter=wanted,
            orderby=documents.ORDER,
            select=select,
        )
        rows += page
        if len(page) < size:
            return rows, False
        whole = [row for row in rows if documents.name(row) != documents.name(rows[-1])]
        if whole:
            return whole, True
        # One document alone fills the page.


def _journal(one: Document, books: Books) -> SnapshotRow:
    """``amount`` is the sum of the debits, ``accounts`` also in a foreign document's currency."""
    sums: dict[str, dict[str, int]] = {books.currency: {}}
    for item in one.items:
        _add(sums, books.currency, item.account, item.amount)
        if item.currency != books.currency:
            _add(sums, item.currency, item.account, item.other)
    customer = next((item.customer for item in one.items if item.customer), "")
    return _row(
        "journal", one, books, amount=sum(item.amount for item in one.items if item.amount > 0),
        group_key=customer, party=customer, accounts=sums,
    )  # fmt: skip


def _add(sums: dict[str, dict[str, int]], currency: str, account: str, amount: int) -> None:
    own = sums.setdefault(currency, {})
    own[account] = own.get(account, 0) + amount


async def _related(
    sap: Sap, books: Books, found: Sequence[Document]
) -> dict[tuple[str, str], list[Item]]:
    """Customers' items by customer and assignment: an invoice's, and what settles it."""
    references = list(dict.fromkeys(one.reference for one in found if one.key))
    related: dict[tuple[str, str], list[Item]] = {}
    for lot in lots(references, wire.AT_ONCE):
        wanted = f"FinancialAccountType eq 'D' and {any_of('AssignmentReference', lot)}"
        for one in await documents.select(sap, books, wanted):
            for item in one.items:
                related.setdefault((item.customer, item.assigned), []).append(item)
    return related


def _invoice(
    kind: str, one: Document, books: Books, related: dict[tuple[str, str], list[Item]]
) -> SnapshotRow:
    """
    ``due`` of an invoice is what is open of it: nothing once it is cleared, else the balance of the
    customer's open items that are assigned to it, since clearing comes later.
    """
    owed = [item for item in one.items if item.customer]
    sign = 1 if kind == "invoice" else -1
    due = None
    if kind == "invoice":
        items = related.get((owed[0].customer, one.reference), owed) if owed else []
        due = sum(item.amount for item in items if not item.cleared)
    customer = owed[0].customer if owed else ""
    return _row(
        kind, one, books, amount=sign * sum(item.amount for item in owed), due=due,
        group_key=customer, party=customer,
    )  # fmt: skip


def _row(kind: str, one: Document, books: Books, **more: Any) -> SnapshotRow:
    return SnapshotRow(
        kind=kind,
        external_id=one.external_id(books),
        key=one.key,
        currency=books.currency,
        dated=one.day,
        state="posted",
        number=one.number,
        reference=(one.items[0].text if one.items else one.header)[:_REFERENCE],
        entity=books.entity,
        **more,
    )


# What has no day of its own is of the day on which SAP began to keep it, or of none that is known.
DATED: Final = "1970-01-01"


def _customer(row: Row) -> SnapshotRow:
    number = wire.text(row, "BusinessPartner")
    return SnapshotRow(
        kind="customer", external_id=f"partner:{number}",
        key=wire.text(row, "BusinessPartnerIDByExtSystem"), currency="", amount=0, dated=DATED,
        state="blocked" if row.get("BusinessPartnerIsBlocked") else "active", number=number,
        party=str(row.get("OrganizationBPName1") or ""),
    )  # fmt: skip


def _account(account: Any, books: Books) -> SnapshotRow:
    return SnapshotRow(
        kind="account", external_id=f"account:{books.company}:{account.number}",
        key=account.number, currency="", amount=0, dated=DATED,
        state="blocked" if account.blocked else "open", number=account.number,
        reference=account.name, entity=books.entity,
    )  # fmt: skip


async def _periods(sap: Sap, books: Books) -> list[SnapshotRow]:
    """From a view that the customer publishes: SAP has no released interface for them."""
    view = sap.said("period_view") or "YY1_POSTINGPERIODS_CDS/YY1_PostingPeriods"
    rows = await sap.rows(
        view, filter=f"CompanyCode eq {quoted(books.company)}", orderby="FiscalPeriodStartDate"
    )
    return [
        SnapshotRow(
            kind="period", external_id=f"period:{books.company}:{first}", key=first[:7],
            currency="", amount=0, dated=first,
            state="open" if row.get("PostingPeriodIsOpen") is True else "closed",
            number=f"{wire.text(row, 'FiscalPeriod')}/{wire.text(row, 'FiscalYear')}",
            entity=books.entity,
        )
        for row in rows
        for first in [wire.day(row, "FiscalPeriodStartDate")]
    ]  # fmt: skip

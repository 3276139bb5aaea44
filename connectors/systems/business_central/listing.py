"""What Business Central holds in a range of days, for reconciliation and control totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.contract import Outcome, SnapshotRow
from connectors.problem import Problem
from connectors.systems.business_central import entries, forms, lookup, names, wire
from connectors.systems.business_central.books import Books, Library
from connectors.systems.business_central.entries import Posted
from connectors.systems.business_central.forms import Form
from connectors.systems.business_central.masters import accounts, customer, periods
from connectors.systems.business_central.wire import Central, Row

_REFERENCE: Final = 240
_Page = tuple[Sequence[SnapshotRow], str]


async def page(
    central: Central, library: Library, kind: str, start: str, end: str, cursor: str
) -> _Page:
    """
    One page, a company after the other: the cursor is the company's place in their order, a bar,
    and where its own list goes on. Raises Problem.
    """
    held = list(library.books.values()) if library.only is None else [library.only]
    place, _, onward = cursor.partition("|")
    number = int(place) if place.isdecimal() else 0
    if number >= len(held):
        return (), ""
    rows, onward = await _page(central, held[number], kind, start, end, onward)
    if onward:
        return rows, f"{number}|{onward}"
    return rows, f"{number + 1}|" if number + 1 < len(held) else ""


async def _page(
    central: Central, books: Books, kind: str, start: str, end: str, onward: str
) -> _Page:
    if kind == "journal":
        return await _journals(central, books, start, end, onward)
    if kind in ("invoice", "credit_memo"):
        form = forms.INVOICES if kind == "invoice" else forms.CREDIT_MEMOS
        days = f"postingDate ge {start} and postingDate le {end}"
        listed, onward = await _rows(central, f"{books.path}/{form.path}", days, onward)
        return [_document(kind, form, row, books) for row in listed], onward
    if kind == "customer":
        listed, onward = await _rows(central, f"{books.path}/customers", "", onward)
        return [customer(row, books) for row in listed], onward
    if kind == "account":
        return accounts(await central.rows(f"{books.path}/accounts"), books), ""
    if kind == "period":
        listed = await central.rows(f"{books.path}/accountingPeriods", orderby="startingDate")
        return periods(listed, books), ""
    raise Problem(Outcome.REFUSED, "refused", f"Business Central lists no “{kind}” here.")


async def _rows(central: Central, path: str, days: str, onward: str) -> tuple[Sequence[Row], str]:
    if onward:
        return await central.page(onward)
    return await central.page(path, **({"filter": days} if days else {}))


async def _journals(central: Central, books: Books, start: str, end: str, onward: str) -> _Page:
    """By entry number, so that what is posted meanwhile comes later instead of being skipped."""
    after = int(onward) if onward else 0
    listed, more = await central.page(
        f"{books.path}/generalLedgerEntries",
        filter=f"postingDate ge {start} and postingDate le {end} and entryNumber gt {after}",
        orderby="entryNumber",
    )
    while more:
        whole = _without_last(listed)
        if whole:
            listed = whole
            break
        # One document alone fills the page.
        following, more = await central.page(more)
        listed = listed + following
    found = entries.documents(listed, books)
    known = await lookup.sales_of(central, books, found)
    rows = [_journal(one, books, known) for one in found]
    return rows, str(entries.number_of(listed[-1])) if more and listed else ""


def _without_last(rows: list[Row]) -> list[Row]:
    """Up to the last document, which may go on in the next page."""
    place = len(rows) - 1
    while place > 0 and entries.same_document(rows[place - 1], rows[place]):
        place -= 1
    return rows[:place]


def _journal(one: Posted, books: Books, known: dict[tuple[str, str], Row]) -> SnapshotRow:
    """``amount`` is the sum of the debits; of a sales document with that one's id and key."""
    sales = known.get((one.type, one.number))
    key, identity, party, group = one.key, one.external_id(books), "", ""
    if sales is not None:
        key, identity = lookup.named(sales)
        party, group = str(sales.get("customerName") or ""), str(sales.get("customerNumber") or "")
    sums: dict[str, int] = {}
    for line in one.lines:
        sums[line.account] = sums.get(line.account, 0) + line.amount
    return SnapshotRow(
        kind="journal",
        external_id=identity,
        key=key,
        currency=books.currency,
        amount=sum(line.amount for line in one.lines if line.amount > 0),
        dated=one.day,
        state="posted",
        number=one.number,
        reference=one.text[:_REFERENCE],
        group_key=group,
        party=party,
        entity=books.entity,
        accounts={books.currency: sums},
    )


def _document(kind: str, form: Form, row: Row, books: Books) -> SnapshotRow:
    """
    Drafts too, as ``draft``. ``due`` of an invoice is what is open of it. There is no tax: what
    billing worked out stands on lines of its own.
    """
    due = wire.minor(row.get("remainingAmount"), books.digits) if kind == "invoice" else None
    return SnapshotRow(
        kind=kind,
        external_id=f"{form.prefix}{wire.text(row, 'id')}",
        key=names.key_of_document(str(row.get("externalDocumentNumber") or "")),
        currency=str(row.get("currencyCode") or books.currency),
        amount=wire.minor(row.get("totalAmountIncludingTax"), books.digits),
        dated=wire.text(row, "postingDate"),
        state=wire.text(row, "status").strip().lower().replace("_x0020_", " ") or "draft",
        number=wire.text(row, "number"),
        reference=str(row.get("customerPurchaseOrderReference") or "")[:_REFERENCE],
        group_key=str(row.get("customerNumber") or ""),
        party=str(row.get("customerName") or ""),
        entity=books.entity,
        due=due,
    )

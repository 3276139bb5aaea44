"""
Documents of SAP's books, read item by item from ``A_OperationalAcctgDocItemCube``: it has the
reference and the header's text, by which ours are known, and what has been cleared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from connectors.caller import any_of, lots, quoted
from connectors.contract import Found, HeldDocument, HeldLine
from connectors.postings import content
from connectors.systems.sap import names, wire
from connectors.systems.sap.books import Books, Library, plain
from connectors.systems.sap.wire import Row, Sap

ITEMS: Final = "API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube"
FIELDS: Final = (
    "CompanyCode", "FiscalYear", "AccountingDocument", "AccountingDocumentItem",
    "AccountingDocumentType", "DocumentReferenceID", "AccountingDocumentHeaderText",
    "PostingDate", "GLAccount", "Customer", "FinancialAccountType", "AssignmentReference",
    "ClearingAccountingDocument", "DocumentItemText", "CompanyCodeCurrency",
    "AmountInCompanyCodeCurrency", "TransactionCurrency", "AmountInTransactionCurrency",
)  # fmt: skip
ORDER: Final = "FiscalYear,AccountingDocument,AccountingDocumentItem"


@dataclass(frozen=True, slots=True)
class Item:
    """``other`` is the amount in ``currency``, when that is not the books'."""

    account: str
    amount: int
    customer: str
    assigned: str
    cleared: bool
    text: str
    currency: str
    other: int


@dataclass(frozen=True, slots=True)
class Document:
    year: str
    number: str
    type: str
    reference: str
    header: str
    day: str
    items: tuple[Item, ...]

    @property
    def key(self) -> str:
        return names.key_of(self.reference, self.header)

    def external_id(self, books: Books) -> str:
        """Numbers begin anew in each company code and fiscal year."""
        return f"{books.company}-{self.year}-{self.number}"

    def content(self, books: Books) -> str:
        sides = ((one.account, max(one.amount, 0), max(-one.amount, 0)) for one in self.items)
        return content(self.day, books.currency, sides)

    def found(self, books: Books) -> Found:
        return Found(self.external_id(books), self.number, True, self.content(books), self.header)

    def held(self, books: Books) -> HeldDocument:
        return HeldDocument(
            external_id=self.external_id(books),
            external_number=self.number,
            posted=True,
            dated=self.day,
            currency=books.currency,
            lines=tuple(HeldLine(one.account, one.amount) for one in self.items),
            text=self.header,
            key=self.key,
        )


async def by_keys(sap: Sap, books: Books, keys: Sequence[str]) -> dict[str, list[Document]]:
    """Raises Problem."""
    by_reference = {names.reference(key): key for key in keys}
    found: dict[str, list[Document]] = {}
    for lot in lots(list(by_reference), wire.AT_ONCE):
        for one in await select(sap, books, any_of("DocumentReferenceID", lot)):
            key = by_reference.get(one.reference, "")
            if key and one.header.partition(" ")[0] == names.header(key, ""):
                found.setdefault(key, []).append(one)
    return found


async def by_number(
    sap: Sap, library: Library, legal_entity: str, number: str
) -> list[HeldDocument]:
    """Of all fiscal years. Raises Problem."""
    books = library.books.get(legal_entity)
    if books is None:
        return []
    held = await select(sap, books, f"AccountingDocument eq {quoted(number)}")
    return [one.held(books) for one in held]


async def select(sap: Sap, books: Books, wanted: str) -> list[Document]:
    """Documents of a company code by a filter. Raises Problem."""
    rows = await sap.rows(
        ITEMS,
        filter=f"CompanyCode eq {quoted(books.company)} and {wanted}",
        orderby=ORDER,
        select=",".join(FIELDS),
    )
    return of(rows, books)


def of(rows: Iterable[Row], books: Books) -> list[Document]:
    """Rows in the order of ``ORDER``. Raises Problem."""
    return [_document(list(items), books) for _, items in groupby(rows, key=name)]


def name(row: Row) -> tuple[str, str]:
    return wire.text(row, "FiscalYear"), wire.text(row, "AccountingDocument")


def _document(rows: Sequence[Row], books: Books) -> Document:
    first = rows[0]
    year, number = name(first)
    return Document(
        year,
        number,
        str(first.get("AccountingDocumentType") or ""),
        str(first.get("DocumentReferenceID") or ""),
        str(first.get("AccountingDocumentHeaderText") or ""),
        wire.day(first, "PostingDate"),
        tuple(_item(row, books) for row in rows),
    )


def _item(row: Row, books: Books) -> Item:
    currency = str(row.get("TransactionCurrency") or books.currency)
    places = wire.digits(currency)
    return Item(
        account=plain(wire.text(row, "GLAccount")),
        amount=wire.minor(row, "AmountInCompanyCodeCurrency", wire.digits(books.currency)),
        customer=str(row.get("Customer") or ""),
        assigned=str(row.get("AssignmentReference") or ""),
        cleared=bool(row.get("ClearingAccountingDocument")),
        text=str(row.get("DocumentItemText") or ""),
        currency=currency,
        other=wire.minor(row, "AmountInTransactionCurrency", places),
    )

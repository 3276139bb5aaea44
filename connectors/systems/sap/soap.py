"""Journal entries as the service ``JournalEntryCreateRequestConfirmation_In`` takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from connectors.postings import CREDIT_MEMO, INVOICE, JOURNAL, PAYMENT, Line, Posting
from connectors.systems.sap import names, xml
from connectors.systems.sap.books import Books
from connectors.systems.sap.confirming import SPACE
from revops.kernel.clock import now

_MOST_DAYS: Final = 999
_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass(frozen=True, slots=True)
class Types:
    """The document type of each kind, and who is told to have entered it."""

    by_kind: Mapping[str, str]
    user: str

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Types:
        def named(name: str, otherwise: str) -> str:
            return str(said.get(name) or otherwise)

        return cls(
            {
                JOURNAL: named("journal_type", "SA"),
                INVOICE: named("invoice_type", "DR"),
                CREDIT_MEMO: named("credit_memo_type", "DG"),
                PAYMENT: named("payment_type", "DZ"),
            },
            named("created_by", "REVOPS"),
        )


def request(
    entries: Sequence[tuple[str, Posting, Books, Mapping[str, str]]], types: Types
) -> bytes:
    """Of (key, posting, books, our customer → SAP's); each is a document of its own."""
    at = now().strftime("%Y-%m-%dT%H:%M:%SZ")
    outer = names.message("+".join(key for key, *_ in entries))
    header = [("ID", outer), ("CreationDateTime", at)]
    body: list[tuple[str, Any]] = [("MessageHeader", header)]
    for key, posting, books, customers in entries:
        inner = [("ID", names.message(key)), ("CreationDateTime", at)]
        entry = _entry(key, posting, books, customers, types)
        body.append(
            ("JournalEntryCreateRequest", [("MessageHeader", inner), ("JournalEntry", entry)])
        )
    content = xml.write("sfin:JournalEntryBulkCreateRequest", body)
    return (
        f'<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" xmlns:sfin="{SPACE}"><soapenv:Header/>'
        f"<soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>"
    ).encode()


def _entry(
    key: str, posting: Posting, books: Books, customers: Mapping[str, str], types: Types
) -> list[tuple[str, Any]]:
    """In the order of the service's schema, which it insists on."""
    document = posting.document
    items: list[tuple[str, Any]] = []
    debtors: list[tuple[str, Any]] = []
    for line in (line for line in posting.lines if line.amount):
        parts = _parts(key, posting, line, books) if line.account == books.receivable else None
        for reference, amount in parts or [("", line.amount)]:
            place = len(items) + len(debtors) + 1
            if parts is None:
                items.append(("Item", _item(place, line, posting, books)))
            else:
                debtor = _debtor(
                    place, line, amount, posting, books, customers[line.customer], reference
                )
                debtors.append(("DebtorItem", debtor))
    return [
        ("OriginalReferenceDocumentType", "BKPFF"),
        ("BusinessTransactionType", "RFBU"),
        ("AccountingDocumentType", types.by_kind[posting.kind]),
        ("DocumentReferenceID", names.reference(key)),
        ("DocumentHeaderText", names.header(key, posting.number)),
        ("CreatedByUser", types.user),
        ("CompanyCode", books.company),
        ("DocumentDate", document.day if document else posting.day),
        ("PostingDate", posting.day),
        *items,
        *debtors,
    ]


def _parts(key: str, posting: Posting, line: Line, books: Books) -> list[tuple[str, int]]:
    """
    A line on receivables by what it settles: SAP's automatic clearing matches a customer's items
    by their assignment, which is the invoice's reference.
    """
    sign = 1 if line.amount > 0 else -1
    parts = [(names.reference(one.key), sign * one.amount) for one in posting.settles if one.amount]
    rest = line.amount - sum(amount for _, amount in parts)
    return [*parts, *([(names.reference(key), rest)] if rest else [])]


def _item(place: int, line: Line, posting: Posting, books: Books) -> list[tuple[str, Any]]:
    assigned = [("CostCenter", line.cost_centre)] if line.cost_centre else None
    return [
        ("ReferenceDocumentItem", str(place)),
        ("GLAccount", line.account),
        *_amounts(line, line.amount, posting, books),
        ("DocumentItemText", _text(line, posting)),
        *([("AccountAssignment", assigned)] if assigned else []),
    ]


def _debtor(
    place: int,
    line: Line,
    amount: int,
    posting: Posting,
    books: Books,
    debtor: str,
    reference: str,
) -> list[tuple[str, Any]]:
    document = posting.document
    terms: list[tuple[str, Any]] = []
    if document is not None and posting.due_on and posting.kind == INVOICE:
        terms = [("CashDiscountTerms", _terms(document.day, posting.due_on))]
    return [
        ("ReferenceDocumentItem", str(place)),
        ("Debtor", debtor),
        *_amounts(line, amount, posting, books),
        ("DocumentItemText", _text(line, posting)),
        ("AssignmentReference", reference),
        *terms,
    ]


def _terms(start: str, due: str) -> list[tuple[str, Any]]:
    """Days from the document's date; SAP's schema does not let them be left out."""
    days = (date.fromisoformat(due) - date.fromisoformat(start)).days
    base = start if 0 <= days <= _MOST_DAYS else due
    return [
        ("DueCalculationBaseDate", base),
        ("NetPaymentDays", str(days) if base == start else "0"),
    ]


def _text(line: Line, posting: Posting) -> str:
    number = posting.document.number if posting.document else posting.number
    return f"{number} {line.memo or posting.text}"[: names.ITEM].strip()


def _amounts(line: Line, amount: int, posting: Posting, books: Books) -> list[tuple[str, Any]]:
    """Debits positive; both currencies of a foreign document that is whole in its own."""
    code = ("DebitCreditCode", "S" if amount > 0 else "H")
    own = (books.shown(amount), {"currencyCode": books.currency})
    if not foreign(posting) or amount != line.amount:
        return [("AmountInTransactionCurrency", own), code]
    other = books.shown(line.document, posting.document_currency)
    return [
        ("AmountInTransactionCurrency", (other, {"currencyCode": posting.document_currency})),
        ("AmountInCompanyCodeCurrency", own),
        code,
    ]


def foreign(posting: Posting) -> bool:
    """Whether it can go in the document's currency: each line has an amount in it, in balance."""
    return bool(posting.document_currency) and not (
        sum(line.document for line in posting.lines)
        or any(not line.document for line in posting.lines if line.amount)
    )

"""
The four documents of Business Central that postings become, and what each is made of.

What is made first is a draft: a journal batch with its lines, or a sales document. Posting names it
by its id and uses it up, which is what keeps a late posting from happening twice (README.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.caller import major
from connectors.postings import CREDIT_MEMO, INVOICE, JOURNAL, PAYMENT, Line, Posting, content
from connectors.systems.business_central import names, wire
from connectors.systems.business_central.books import Books
from connectors.systems.business_central.placing import others, receivables
from connectors.systems.business_central.wire import Row

Side = tuple[str, int]
_LONGEST: Final = 35


@dataclass(frozen=True, slots=True)
class Form:
    """``field`` holds our key's name in drafts; ``lines`` is the collection inside of one."""

    kind: str
    path: str
    lines: str
    field: str
    prefix: str
    word: str
    batch: bool

    def name(self, key: str) -> str:
        return names.batch_code(key) if self.batch else names.external_number(key)

    def post(self, draft: str) -> str:
        """
        The action's path below the company. Payment journals have no action of their own: they are
        batches, and the one of ``journals`` takes any batch by its id.
        """
        return f"{'journals' if self.batch else self.path}({draft})/Microsoft.NAV.post"


JOURNALS: Final = Form(JOURNAL, "journals", "journalLines", "code", "journal:", "journal", True)
PAYMENTS: Final = Form(
    PAYMENT, "customerPaymentJournals", "customerPayments", "code", "payment:", "payment", True
)
INVOICES: Final = Form(
    INVOICE, "salesInvoices", "salesInvoiceLines", "externalDocumentNumber", "invoice:", "invoice",
    False,
)  # fmt: skip
CREDIT_MEMOS: Final = Form(
    CREDIT_MEMO, "salesCreditMemos", "salesCreditMemoLines", "externalDocumentNumber",
    "credit_memo:", "credit memo", False,
)  # fmt: skip
BY_KIND: Final[Mapping[str, Form]] = {
    form.kind: form for form in (JOURNALS, PAYMENTS, INVOICES, CREDIT_MEMOS)
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the connection says beside the posting itself."""

    untaxed: str
    centre: str
    customer_class: str


def values(
    key: str, posting: Posting, books: Books, wanted: Wanted, settled: Mapping[str, Row]
) -> dict[str, Any]:
    """The draft to create; ``settled`` are posted invoices by our key."""
    if posting.kind == JOURNAL:
        return _journal(key, posting, books, wanted)
    if posting.kind == PAYMENT:
        return _payment(key, posting, books, settled)
    return _sales(key, posting, books, wanted, settled)


def net(day: str, currency: str, sides: Iterable[Side]) -> str:
    """
    The hash of a day, a currency and the balance of each account. Not of both of its sides:
    posting a sales document joins lines of one account, a charge and a credit for example.
    """
    sums: dict[str, int] = {}
    for account, amount in sides:
        sums[account] = sums.get(account, 0) + amount
    return content(
        day, currency, ((one, max(amount, 0), max(-amount, 0)) for one, amount in sums.items())
    )


def content_of(payload: Mapping[str, Any]) -> str:
    """What Business Central should hold for a posting, whatever its kind. Raises Unfit."""
    return wanted_content(Posting.of(JOURNAL, payload))


def wanted_content(posting: Posting) -> str:
    return net(
        posting.day, posting.currency, [(line.account, line.amount) for line in posting.lines]
    )


def drafted(form: Form, row: Row, books: Books) -> str:
    """The hash of what posting a draft would lead to. Raises Problem for an unknown form."""
    lines = row.get(form.lines)
    if not isinstance(lines, list):
        raise wire.unclear(form.lines)
    if form.batch:
        days = {wire.text(line, "postingDate") for line in lines}
        sides = [side for line in lines for side in _batch_sides(form, line, row, books)]
        return net(",".join(sorted(days)), books.currency, sides)
    sign = 1 if form is INVOICES else -1
    sides = [
        (
            wire.text(line, "lineObjectNumber"),
            -sign * wire.minor(line.get("amountExcludingTax"), books.digits),
        )
        for line in lines
        if line.get("lineType") != "Comment"
    ]
    total = wire.minor(row.get("totalAmountIncludingTax"), books.digits)
    tax = wire.minor(row.get("totalTaxAmount"), books.digits)
    # Tax that Business Central works out itself: nobody asked for it, so it is an account apart.
    sides += [(books.receivable, sign * total), ("tax", -sign * tax)]
    return net(wire.text(row, "postingDate"), books.currency, sides)


def _batch_sides(form: Form, line: Row, batch: Row, books: Books) -> Sequence[Side]:
    amount = wire.minor(line.get("amount"), books.digits)
    if form is PAYMENTS:
        against = str(batch.get("balancingAccountNumber") or "")
        return (books.receivable, amount), (against, -amount)
    if line.get("accountType") == "Customer":
        return ((books.receivable, amount),)
    return ((wire.text(line, "accountNumber"), amount),)


def _journal(key: str, posting: Posting, books: Books, wanted: Wanted) -> dict[str, Any]:
    # In the order of accounts: two equal halves of one journal would look like one posted twice.
    lines = sorted(
        (line for line in posting.lines if line.amount),
        key=lambda line: (line.account, line.credit > 0),
    )
    return {
        "code": names.batch_code(key),
        "displayName": f"{posting.number} {key}"[: names.DESCRIPTION],
        "journalLines": [
            _journal_line(key, place, line, posting, books, wanted)
            for place, line in enumerate(lines, 1)
        ],
    }


def _journal_line(
    key: str, place: int, line: Line, posting: Posting, books: Books, wanted: Wanted
) -> dict[str, Any]:
    owed = line.account == books.receivable
    # The order counts: the type of an account decides how its number is read.
    values = {
        "lineNumber": place * 10000,
        **({"accountType": "Customer"} if owed else {}),
        "accountNumber": names.customer_number(line.customer) if owed else line.account,
        "postingDate": posting.day,
        "documentNumber": names.document_number(key),
        "externalDocumentNumber": names.external_number(key),
        "amount": major(line.amount, books.digits),
        "description": names.described(f"{posting.number} {line.memo or posting.text}", key),
        "comment": f"{posting.document_currency} {line.document}" if line.document else "",
    }
    tags = [
        {"code": code, "valueCode": value}
        for code, value in (
            (wanted.centre, line.cost_centre), (wanted.customer_class, line.customer_class),
        )
        if code and value
    ]  # fmt: skip
    return values | ({"dimensionSetLines": tags} if tags else {})


def _payment(
    key: str, posting: Posting, books: Books, settled: Mapping[str, Row]
) -> dict[str, Any]:
    assert posting.document is not None
    held = receivables(posting, books)
    against = books.accounts[others(posting, books)[0].account]
    parts = [(settled[one.key], one.amount) for one in posting.settles]
    rest = -sum(line.amount for line in held) - sum(amount for _, amount in parts)
    open_parts: list[tuple[Row | None, int]] = [*parts, *([(None, rest)] if rest else [])]
    return {
        "code": names.batch_code(key),
        "displayName": f"{posting.number} {key}"[: names.DESCRIPTION],
        "balancingAccountId": against.id,
        "customerPayments": [
            {
                "lineNumber": place * 10000,
                "customerNumber": names.customer_number(held[0].customer),
                "postingDate": posting.day,
                "documentNumber": names.document_number(key),
                "externalDocumentNumber": posting.document.number[:_LONGEST],
                "amount": major(-amount, books.digits),
                **({"appliesToInvoiceNumber": invoice["number"]} if invoice else {}),
                "description": names.described(f"{posting.number} {posting.text}", key),
            }
            for place, (invoice, amount) in enumerate(open_parts, 1)
        ],
    }


def _sales(
    key: str, posting: Posting, books: Books, wanted: Wanted, settled: Mapping[str, Row]
) -> dict[str, Any]:
    document = posting.document
    assert document is not None
    invoice = posting.kind == INVOICE
    sign = 1 if invoice else -1
    lines = [
        {
            "lineType": "Account",
            "lineObjectNumber": line.account,
            "description": f"{document.number} {line.memo or posting.text}"[: names.DESCRIPTION],
            "quantity": 1 if sign * -line.amount > 0 else -1,
            "unitPrice": major(abs(line.amount), books.digits),
            **({"taxCode": wanted.untaxed} if wanted.untaxed else {}),
        }
        for line in others(posting, books)
    ]
    applied = settled[posting.settles[0].key] if posting.settles else None
    return {
        "externalDocumentNumber": names.external_number(key),
        ("invoiceDate" if invoice else "creditMemoDate"): document.day,
        "postingDate": posting.day,
        **({"dueDate": posting.due_on} if posting.due_on else {}),
        "customerNumber": names.customer_number(receivables(posting, books)[0].customer),
        **({"customerPurchaseOrderReference": document.number[:_LONGEST]} if invoice else {}),
        **({"invoiceNumber": applied["number"]} if applied and not invoice else {}),
        ("salesInvoiceLines" if invoice else "salesCreditMemoLines"): lines,
    }

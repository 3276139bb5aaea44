"""
Invoices, credit memos and receipts of Receivables, there and back.

Their numbers are made of our key, twenty characters long, and Fusion takes a number once within a
transaction source. The whole key leads the comments. Accounts are given line by line, as manual
distributions; a receipt's follow from its method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from connectors import postings
from connectors.caller import major
from connectors.contract import Outcome
from connectors.postings import Posting
from connectors.problem import Problem
from connectors.systems.oracle_fusion import wire
from connectors.systems.oracle_fusion.books import Ledger, Library
from connectors.systems.oracle_fusion.placing import Place
from connectors.systems.oracle_fusion.wire import Fusion, Row
from revops.kernel import keys
from revops.kernel.money import minor_digits

_COMMENTS: Final = 240
_COMPLETE: Final = "Complete"


@dataclass(frozen=True, slots=True)
class Form:
    """The names that one kind of document has for what all of them have."""

    kind: str
    resource: str
    prefix: str
    id: str
    number: str
    comments: str
    currency: str
    status: str
    distributions: str


INVOICE: Final = Form(
    kind=postings.INVOICE,
    resource="receivablesInvoices",
    prefix="invoice:",
    id="CustomerTransactionId",
    number="TransactionNumber",
    comments="Comments",
    currency="InvoiceCurrencyCode",
    status="InvoiceStatus",
    distributions="receivablesInvoiceDistributions",
)
CREDIT_MEMO: Final = Form(
    kind=postings.CREDIT_MEMO,
    resource="receivablesCreditMemos",
    prefix="credit_memo:",
    id="CustomerTransactionId",
    number="TransactionNumber",
    comments="CreditMemoComments",
    currency="CreditMemoCurrency",
    status="CreditMemoStatus",
    distributions="receivablesCreditMemoDistributions",
)
RECEIPT: Final = Form(
    kind=postings.PAYMENT,
    resource="standardReceipts",
    prefix="receipt:",
    id="StandardReceiptId",
    number="ReceiptNumber",
    comments="Comments",
    currency="Currency",
    status="Status",
    distributions="",
)
FORMS: Final = (INVOICE, CREDIT_MEMO, RECEIPT)
BY_KIND: Final = {form.kind: form for form in FORMS}


def number(key: str) -> str:
    """The number of the document with this key: at most 20 characters, as Fusion has it."""
    return f"RC{key.replace('-', '')[-18:].upper()}"


def body(
    key: str, posting: Posting, place: Place, fusion: Fusion, *, customer: str
) -> dict[str, Any]:
    """What to create; ``customer`` is Fusion's account number."""
    document, digits = posting.document, minor_digits(posting.currency)
    assert document is not None
    comments = f"{key} {document.number} {posting.number} {posting.text}".strip()[:_COMMENTS]
    if posting.kind == postings.PAYMENT:
        return {
            "ReceiptNumber": number(key),
            "ReceiptMethod": place.method,
            "BusinessUnit": place.ledger.unit.business_unit,
            "ReceiptDate": document.day,
            "AccountingDate": posting.day,
            "Amount": major(document.total, digits),
            "Currency": posting.currency,
            "CustomerAccountNumber": customer,
            "Comments": comments,
            **_references(posting, digits),
        }
    form = BY_KIND[posting.kind]
    lines, distributions = _lines(posting, place, fusion, digits)
    made: dict[str, Any] = {
        "TransactionNumber": number(key),
        "TransactionSource": fusion.transaction_source,
        "TransactionDate": document.day,
        "AccountingDate": posting.day,
        "BusinessUnit": place.ledger.unit.business_unit,
        "BillToCustomerNumber": customer,
        form.currency: posting.currency,
        form.comments: comments,
        form.distributions: distributions,
    }
    if posting.kind == postings.INVOICE:
        made |= {"TransactionType": fusion.invoice_type, "PaymentTerms": fusion.payment_terms}
        made |= {"DueDate": posting.due_on} if posting.due_on else {}
        made["CrossReference"] = document.number[:30]
        return made | {"receivablesInvoiceLines": lines}
    return made | {"TransactionType": fusion.credit_type, "receivablesCreditMemoLines": lines}


def _lines(
    posting: Posting, place: Place, fusion: Fusion, digits: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A line and a distribution for each of ours, and the distribution of the customer's."""
    memo = posting.kind == postings.CREDIT_MEMO
    numbered, named, quantity = (
        ("CreditMemoLineNumber", "LineDescription", "LineQuantityCredit")
        if memo
        else ("InvoiceLineNumber", "Description", "Quantity")
    )
    receivable = place.receivable
    assert receivable is not None
    lines: list[dict[str, Any]] = []
    distributions = [
        {
            "AccountClass": "Receivable",
            "AccountCombination": fusion.combination(receivable.account, place.ledger.unit),
            "Amount": major(receivable.amount, digits),
        }
    ]
    for line in posting.lines:
        if line is receivable or not line.amount:
            continue
        amount = major(-line.amount, digits)
        place_in = len(lines) + 1
        told = line.memo or posting.text or posting.number
        lines.append(
            {
                "LineNumber": place_in,
                named: told[:_COMMENTS],
                quantity: 1,
                "UnitSellingPrice": amount,
            }
        )
        distributions.append(
            {
                numbered: place_in,
                "AccountClass": "Revenue",
                "AccountCombination": fusion.combination(line.account, place.ledger.unit),
                "Amount": amount,
            }
        )
    return lines, distributions


def _references(posting: Posting, digits: int) -> dict[str, Any]:
    """By which AutoMatch applies a receipt; nothing is applied by us."""
    items = [
        {
            "ReceiptMatchBy": "Transaction Number",
            "ReferenceNumber": number(one.key),
            "ReferenceAmount": major(one.amount, digits),
        }
        for one in posting.settles
    ]
    return {"remittanceReferences": items} if items else {}


def key_of(row: Row, form: Form) -> str:
    key = str(row.get(form.comments) or "").partition(" ")[0]
    return key if key.startswith(keys.PREFIX) else ""


def posted(row: Row, form: Form) -> bool:
    """Complete, or for a receipt: not reversed."""
    status = str(row.get(form.status) or "")
    return status != "Reversed" if form is RECEIPT else status == _COMPLETE


def ledger_of(row: Row, library: Library) -> Ledger | None:
    """By the business unit, of which a ledger here has one."""
    unit = row.get("BusinessUnit")
    return next((one for one in library.ledgers.values() if one.unit.business_unit == unit), None)


def sides(row: Row, form: Form, ledger: Ledger, fusion: Fusion) -> list[tuple[str, int, int]]:
    """(account, debit, credit) of each distribution. Raises Problem for what is unclear."""
    digits = minor_digits(ledger.currency)
    if wire.text(row, form.currency) != ledger.currency:
        reason = f"Fusion's {wire.text(row, form.number)} is in another currency than its ledger."
        raise Problem(Outcome.TRANSIENT, "garbled", reason)
    if form is RECEIPT:
        amount = wire.minor(row.get("Amount"), digits)
        methods = {method: account for account, method in fusion.receipt_methods.items()}
        account = methods.get(wire.text(row, "ReceiptMethod"), "")
        return [(account, amount, 0), (fusion.receivable, 0, amount)]
    found = []
    for one in wire.children(row, form.distributions):
        amount = wire.minor(one.get("Amount"), digits)
        debit = amount if wire.text(one, "AccountClass") == "Receivable" else -amount
        account = fusion.account_of(wire.text(one, "AccountCombination"))
        found.append((account, max(debit, 0), max(-debit, 0)))
    return found

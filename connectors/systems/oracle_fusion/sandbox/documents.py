"""Invoices, credit memos and receipts of the sandbox's Receivables."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connectors.systems.oracle_fusion.sandbox import chart
from connectors.systems.oracle_fusion.sandbox.ledger import Pod, Row

Json = Mapping[str, Any]

_SALE: Final = frozenset(
    (
        *("TransactionNumber", "TransactionSource", "TransactionDate", "TransactionType"),
        *("AccountingDate", "BusinessUnit", "BillToCustomerNumber"),
    )
)
FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "receivablesInvoices": _SALE
    | {
        *("InvoiceCurrencyCode", "Comments", "PaymentTerms", "DueDate", "CrossReference"),
        *("receivablesInvoiceLines", "receivablesInvoiceDistributions"),
    },
    "receivablesCreditMemos": _SALE
    | {
        *("CreditMemoCurrency", "CreditMemoComments"),
        *("receivablesCreditMemoLines", "receivablesCreditMemoDistributions"),
    },
    "standardReceipts": frozenset(
        (
            *("ReceiptNumber", "ReceiptMethod", "BusinessUnit", "ReceiptDate", "AccountingDate"),
            *("Amount", "Currency", "CustomerAccountNumber", "Comments", "remittanceReferences"),
        )
    ),
}
_METHODS: Final = frozenset(
    pair.partition("=")[2].strip() for pair in chart.RECEIPT_METHODS.split(",")
)


class Refusal(Exception):
    """A 400 with a sentence."""


def create(pod: Pod, resource: str, body: Json) -> Row:
    """Raises Refusal."""
    unknown = sorted(set(body) - FIELDS[resource])
    if unknown:
        raise Refusal(f"URL request parameter {unknown[0]} cannot be used in this context.")
    made = _receipt(pod, body) if resource == "standardReceipts" else _sale(pod, resource, body)
    pod.tables[resource].append(made)
    return made


def _common(pod: Pod, body: Json, currency: object) -> None:
    try:
        ledger = chart.ledger_of_unit(str(body.get("BusinessUnit")))
    except StopIteration:
        raise Refusal("The business unit isn't valid.") from None
    if currency != chart.currency_of(ledger):
        raise Refusal("A conversion rate is needed for this currency.")
    if not pod.is_open(ledger, str(body.get("AccountingDate"))):
        raise Refusal("The accounting date must be in an open period, and that period is closed.")


def _customer(pod: Pod, number: object) -> str:
    for row in pod.tables["accounts"]:
        if row["AccountNumber"] == number:
            return str(row["OrganizationName"])
    raise Refusal("The bill-to customer account number isn't valid.")


def _sale(pod: Pod, resource: str, body: Json) -> Row:
    memo = resource == "receivablesCreditMemos"
    _common(pod, body, body.get("CreditMemoCurrency" if memo else "InvoiceCurrencyCode"))
    name = _customer(pod, body.get("BillToCustomerNumber"))
    number = str(body.get("TransactionNumber") or "")
    if not 0 < len(number) <= 20:
        raise Refusal("The transaction number must have at most 20 characters.")
    if any(row["TransactionNumber"] == number for row in pod.tables[resource]):
        raise Refusal("The transaction number already exists for this transaction source.")
    lines = body.get("receivablesCreditMemoLines" if memo else "receivablesInvoiceLines") or []
    told = "receivablesCreditMemoDistributions" if memo else "receivablesInvoiceDistributions"
    given = body.get(told) or []
    quantity = "LineQuantityCredit" if memo else "Quantity"
    total = sum((line[quantity] * Decimal(line["UnitSellingPrice"]) for line in lines), Decimal(0))
    for one in given:
        account = str(one["AccountCombination"]).split("-")[1]
        if account not in chart.ACCOUNTS or account in pod.disabled:
            raise Refusal(f"The account combination {one['AccountCombination']} isn't valid.")
    for classes in (("Receivable",), ("Revenue", "Tax")):
        sums = sum(
            (Decimal(one["Amount"]) for one in given if one["AccountClass"] in classes), Decimal(0)
        )
        if sums != total:
            raise Refusal("The distribution amounts must equal the total of the lines.")
    made = {name: value for name, value in body.items() if name not in (told,)}
    made |= {
        "CustomerTransactionId": pod.number(),
        "BillToCustomerName": name,
        "CrossReference": body.get("CrossReference"),
        told: [{**one, "Amount": str(one["Amount"])} for one in given],
        "EnteredAmount": str(total),
    }
    if memo:
        return made | {"CreditMemoStatus": "Complete"}
    return made | {"InvoiceStatus": "Complete", "InvoiceBalanceAmount": str(total)}


def _receipt(pod: Pod, body: Json) -> Row:
    _common(pod, body, body.get("Currency"))
    name = _customer(pod, body.get("CustomerAccountNumber"))
    number = str(body.get("ReceiptNumber") or "")
    if not 0 < len(number) <= 30:
        raise Refusal("The receipt number must have at most 30 characters.")
    if any(row["ReceiptNumber"] == number for row in pod.tables["standardReceipts"]):
        raise Refusal("The receipt number already exists for this receipt method.")
    if body.get("ReceiptMethod") not in _METHODS:
        raise Refusal("The receipt method isn't valid.")
    for one in body.get("remittanceReferences") or ():
        _match(pod, one)
    made = {name: value for name, value in body.items() if name != "remittanceReferences"}
    return made | {
        "StandardReceiptId": pod.number(),
        "CustomerName": name,
        "Amount": str(body["Amount"]),
        "Status": "Confirmed",
    }


def _match(pod: Pod, reference: Json) -> None:
    """What AutoMatch does in the background, at once."""
    for invoice in pod.tables["receivablesInvoices"]:
        if invoice["TransactionNumber"] == reference.get("ReferenceNumber"):
            left = Decimal(invoice["InvoiceBalanceAmount"]) - Decimal(reference["ReferenceAmount"])
            invoice["InvoiceBalanceAmount"] = str(max(left, Decimal(0)))

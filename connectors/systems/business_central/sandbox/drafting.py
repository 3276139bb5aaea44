"""Drafts: journal batches with their lines, payment journals, sales documents."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connectors.systems.business_central.sandbox import chart
from connectors.systems.business_central.sandbox.odata import Row, refused
from connectors.systems.business_central.sandbox.world import NOBODY, Company, World, fits

_GL: Final = ("G/L Account", "G_x002F_L_x0020_Account")


def batch(world: World, company: Company, value: Row, *, payments: bool) -> Row:
    """A batch with all of its lines, or nothing. Raises Refused."""
    fits(value)
    held = company.payments if payments else company.journals
    code = str(value.get("code") or "").upper()
    if not code:
        raise refused("Name must be filled in.", "BadRequest_RequiredParamNotProvided")
    if any(row["code"] == code for row in held.values()):
        template = "CASHRCPT" if payments else "GENERAL"
        raise refused(
            "The General Journal Batch already exists. Identification fields and values: "
            f"Journal Template Name='{template}',Name='{code}'",
            "Internal_EntityWithSameKeyExists",
        )
    against = str(value.get("balancingAccountId") or NOBODY)
    number = next((a["number"] for a in company.accounts.values() if a["id"] == against), "")
    if against != NOBODY and not number:
        raise refused('The "balancingAccountId" does not match to an Account.')
    nav = "customerPayments" if payments else "journalLines"
    row: Row = {
        "id": world.guid(), "code": code, "displayName": value.get("displayName") or "",
        "balancingAccountId": against, "balancingAccountNumber": number, nav: [],
    }  # fmt: skip
    for place, line in enumerate(value.get(nav) or (), 1):
        made = _payment(company, line) if payments else _line(company, line)
        row[nav].append(world.touch({
            "id": world.guid(), "journalId": row["id"], "journalDisplayName": code,
            "lineNumber": line.get("lineNumber") or place * 10000, **made,
        }))  # fmt: skip
    held[row["id"]] = world.touch(row)
    world.changed(company, "customerPaymentJournals" if payments else "journals", row["id"],
                  "created")  # fmt: skip
    return row


def _line(company: Company, line: Row) -> Row:
    fits(line)
    kind, number = str(line.get("accountType") or _GL[1]), str(line.get("accountNumber") or "")
    if kind == "Customer":
        _customer(company, number)
    elif kind in _GL:
        if number not in company.accounts:
            raise refused('The "accountNumber" does not match to an Account.')
        kind = _GL[1]
    else:
        raise refused(f"'{kind}' is not an option.", "Unknown")
    return {
        "accountType": kind, "accountNumber": number,
        "accountId": company.accounts.get(number, {}).get("id", NOBODY),
        **_common(line), "taxCode": "", "balanceAccountType": _GL[1],
        "balancingAccountId": NOBODY, "balancingAccountNumber": "",
        "dimensionSetLines": list(line.get("dimensionSetLines") or ()),
    }  # fmt: skip


def _payment(company: Company, line: Row) -> Row:
    fits(line)
    number = str(line.get("customerNumber") or "")
    customer = company.customers.get(number.upper())
    if customer is None:
        raise refused('The "customerNumber" does not match to a Customer.')
    if Decimal(line.get("amount") or 0) >= 0:
        raise refused('The "amount" should be a negative number.')
    applied = str(line.get("appliesToInvoiceNumber") or "")
    return {
        "customerId": customer["id"], "customerNumber": customer["number"], **_common(line),
        "appliesToInvoiceId": NOBODY, "appliesToInvoiceNumber": applied,
    }  # fmt: skip


def _common(line: Row) -> Row:
    return {
        "postingDate": str(line.get("postingDate") or ""),
        "documentNumber": str(line.get("documentNumber") or "").upper(),
        "externalDocumentNumber": str(line.get("externalDocumentNumber") or "").upper(),
        "amount": Decimal(line.get("amount") or 0),
        "description": str(line.get("description") or ""),
        "comment": str(line.get("comment") or ""),
    }


def _customer(company: Company, number: str) -> Row:
    found = company.customers.get(number.upper())
    if found is None:
        raise refused(
            f"The field Account No. of table Gen. Journal Line contains a value ({number}) that "
            "cannot be found in the related table (Customer).",
            "Internal_InvalidTableRelation",
        )
    return found


def sales(world: World, company: Company, value: Row, *, memo: bool) -> Row:
    """A sales invoice or credit memo with all of its lines, or nothing. Raises Refused."""
    fits(value)
    if not value.get("customerNumber") and not value.get("customerId"):
        raise refused('A "customerNumber" or a "customerId" must be provided.')
    customer = company.customers.get(str(value.get("customerNumber") or "").upper())
    if customer is None:
        raise refused("The sell-to customer values do not match to a specific Customer.")
    nav = "salesCreditMemoLines" if memo else "salesInvoiceLines"
    lines = [_sold(world, company, line) for line in value.get(nav) or ()]
    total = sum((line["amountExcludingTax"] for line in lines), Decimal(0))
    tax = sum((line["totalTaxAmount"] for line in lines), Decimal(0))
    applied = str(value.get("invoiceNumber") or "")
    if memo and applied:
        _applied(company, applied)
    row = {
        "id": world.guid(),
        "number": world.next(company, "S-CR" if memo else "S-INV"),
        "externalDocumentNumber": str(value.get("externalDocumentNumber") or "").upper(),
        ("creditMemoDate" if memo else "invoiceDate"): value.get("creditMemoDate")
        or value.get("invoiceDate"),
        "postingDate": value.get("postingDate"),
        "dueDate": value.get("dueDate") or value.get("postingDate"),
        "customerId": customer["id"],
        "customerNumber": customer["number"],
        "customerName": customer["displayName"],
        "currencyCode": company.currency,
        "totalAmountExcludingTax": total,
        "totalTaxAmount": tax,
        "totalAmountIncludingTax": total + tax,
        "status": "Draft",
        nav: lines,
        **({"invoiceId": NOBODY, "invoiceNumber": applied} if memo else {
            "remainingAmount": total + tax,
            "customerPurchaseOrderReference": value.get("customerPurchaseOrderReference") or "",
        }),
    }  # fmt: skip
    held = company.credit_memos if memo else company.invoices
    held[row["id"]] = world.touch(row)
    world.changed(company, "salesCreditMemos" if memo else "salesInvoices", row["id"], "created")
    return row


def _sold(world: World, company: Company, line: Row) -> Row:
    fits(line)
    kind, number = line.get("lineType"), str(line.get("lineObjectNumber") or "")
    if kind != "Account" or number not in company.accounts:
        raise refused(f"The Account '{number}' of the line cannot be found.")
    amount = Decimal(line.get("quantity") or 0) * Decimal(line.get("unitPrice") or 0)
    untaxed = str(line.get("taxCode") or "") == chart.UNTAXED
    tax = Decimal(0) if untaxed else (amount * world.tax_percent / 100).quantize(amount)
    return {
        "id": world.guid(), "lineType": kind, "lineObjectNumber": number,
        "description": line.get("description") or "", "quantity": line.get("quantity"),
        "unitPrice": line.get("unitPrice"), "taxCode": line.get("taxCode") or "",
        "amountExcludingTax": amount, "totalTaxAmount": tax, "amountIncludingTax": amount + tax,
    }  # fmt: skip


def _applied(company: Company, number: str) -> Mapping[str, Any]:
    for row in company.invoices.values():
        if row["number"] == number and row["status"] != "Draft":
            return row
    raise refused('The "invoiceNumber" should be the number of a posted Invoice.')

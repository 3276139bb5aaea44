"""Posting: a draft's lines become general ledger entries, all of them or none, and are used up."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from connectors.systems.business_central.sandbox import chart
from connectors.systems.business_central.sandbox.odata import Row, refused
from connectors.systems.business_central.sandbox.world import Company, World

Entry = tuple[str, Decimal, str]


def batch(world: World, company: Company, row: Row) -> None:
    """Raises Refused."""
    payments = "customerPayments" in row
    lines: list[Row] = row["customerPayments" if payments else "journalLines"]
    if not lines:
        raise refused("There is nothing to post.")
    for line in lines:
        _date(company, line["postingDate"])
    if payments:
        _payments(world, company, row, lines)
    else:
        _journal(world, company, lines)
    lines.clear()
    world.touch(row)
    collection = "customerPaymentJournals" if payments else "journals"
    world.changed(company, collection, row["id"], "updated")


def _journal(world: World, company: Company, lines: list[Row]) -> None:
    documents: dict[tuple[str, str], list[Row]] = {}
    for line in lines:
        documents.setdefault((line["documentNumber"], line["postingDate"]), []).append(line)
    for (number, _), held in documents.items():
        balance = sum((line["amount"] for line in held), Decimal(0))
        if balance:
            raise refused(
                f"Document No. {number} is out of balance by {balance}. Please check that "
                "Posting Date, Document No. and Amount are correct for each line."
            )
        for line in held:
            if line["accountType"] != "Customer":
                _direct(company, line["accountNumber"])
    for (number, day), held in documents.items():
        _write(world, company, number, day, "_x0020_", [
            (_account(line), line["amount"], line["description"]) for line in held
        ])  # fmt: skip


def _account(line: Row) -> str:
    owed = line["accountType"] == "Customer"
    return chart.RECEIVABLE if owed else str(line["accountNumber"])


def _payments(world: World, company: Company, row: Row, lines: list[Row]) -> None:
    against = row["balancingAccountNumber"]
    if not against:
        raise refused("Document No. is out of balance.")
    applied = []
    for line in lines:
        number = line["appliesToInvoiceNumber"]
        invoice = next(
            (one for one in company.invoices.values()
             if one["number"] == number and one["status"] != "Draft"), None,
        )  # fmt: skip
        if number and (invoice is None or invoice["customerId"] != line["customerId"]):
            raise refused(f"There is no Cust. Ledger Entry within the filter: {number}.",
                          "Internal_DataNotFoundFilter")  # fmt: skip
        applied.append(invoice)
    entries: list[Entry] = []
    for line in lines:
        entries.append((chart.RECEIVABLE, line["amount"], line["description"]))
        entries.append((against, -line["amount"], line["description"]))
    _write(world, company, lines[0]["documentNumber"], lines[0]["postingDate"], "Payment", entries)
    for line, invoice in zip(lines, applied, strict=True):
        if invoice is not None:
            _settle(world, company, invoice, -line["amount"])


def sales(world: World, company: Company, row: Row) -> None:
    """Raises Refused."""
    if row["status"] != "Draft":
        raise refused("The action can be applied to a draft invoice only.")
    memo = "salesCreditMemoLines" in row
    lines: list[Row] = row["salesCreditMemoLines" if memo else "salesInvoiceLines"]
    if not lines:
        raise refused("There is nothing to post.")
    _date(company, row["postingDate"])
    for line in lines:
        _direct(company, line["lineObjectNumber"])
    total = row["totalAmountIncludingTax"]
    if total < 0:
        raise refused("The total amount for the invoice must be 0 or greater.")
    draft, sign = row["number"], 1 if memo else -1
    row["number"] = world.next(company, "PS-CR" if memo else "PS-INV")
    text = f"{'Credit Memo' if memo else 'Invoice'} {draft}"
    sums: dict[str, Decimal] = {}
    for line in lines:
        account = line["lineObjectNumber"]
        sums[account] = sums.get(account, Decimal(0)) + sign * line["amountExcludingTax"]
    sums[chart.TAX] = sums.get(chart.TAX, Decimal(0)) + sign * row["totalTaxAmount"]
    sides = [(account, amount, text) for account, amount in sums.items() if amount]
    kind = "Credit_x0020_Memo" if memo else "Invoice"
    owed = (chart.RECEIVABLE, -sign * total, text)
    _write(world, company, row["number"], row["postingDate"], kind, [*sides, owed])
    row["status"] = "Open" if total else "Paid"
    if memo and row["invoiceNumber"]:
        invoice = next(
            one for one in company.invoices.values() if one["number"] == row["invoiceNumber"]
        )
        _settle(world, company, invoice, total)
    world.touch(row)
    world.changed(company, "salesCreditMemos" if memo else "salesInvoices", row["id"], "updated")


def _settle(world: World, company: Company, invoice: Row, amount: Decimal) -> None:
    invoice["remainingAmount"] -= min(amount, invoice["remainingAmount"])
    if not invoice["remainingAmount"]:
        invoice["status"] = "Paid"
    world.touch(invoice)
    world.changed(company, "salesInvoices", invoice["id"], "updated")


def _date(company: Company, day: str) -> None:
    if str(day)[:7] in company.closed or not (
        f"{chart.YEARS[0]}" <= str(day)[:4] <= f"{chart.YEARS[-1]}"
    ):
        raise refused(
            "Posting Date is not within your range of allowed posting dates in Gen. Journal Line"
        )


def _direct(company: Company, number: str) -> None:
    account = company.accounts[number]
    for name, wanted in (("blocked", False), ("directPosting", True)):
        if account[name] is not wanted:
            field = "Blocked" if name == "blocked" else "Direct Posting"
            raise refused(
                f"{field} must be equal to '{'Yes' if wanted else 'No'}'  in G/L Account: "
                f"No.={number}. Current value is '{'No' if wanted else 'Yes'}'.",
                "Application_FieldValidationException",
            )


def _write(
    world: World, company: Company, number: str, day: str, kind: str, sides: Iterable[Entry]
) -> None:
    company.postings += 1
    for account, amount, text in sides:
        company.accounts[account]["netChange"] += amount
        company.entries.append(world.touch({
            "id": world.guid(), "entryNumber": len(company.entries) + 1, "postingDate": day,
            "documentNumber": number, "documentType": kind,
            "accountId": company.accounts[account]["id"], "accountNumber": account,
            "description": text, "debitAmount": max(amount, Decimal(0)),
            "creditAmount": max(-amount, Decimal(0)),
            "additionalCurrencyDebitAmount": Decimal(0),
            "additionalCurrencyCreditAmount": Decimal(0), "posting": company.postings,
        }))  # fmt: skip

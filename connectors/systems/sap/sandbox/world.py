"""What the sandbox holds, and how it posts: each entry by itself, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.systems.sap.sandbox import chart
from connectors.systems.sap.sandbox.odata import Invalid, Row, date
from connectors.systems.sap.xml import Element


class Rejected(Exception):
    """An entry that is refused, with (type, text) of the log's lines."""

    def __init__(self, *notes: tuple[str, str]) -> None:
        super().__init__(notes[0][1])
        self.notes = notes


@dataclass(slots=True)
class World:
    items: list[Row] = field(default_factory=list)
    partners: dict[str, Row] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    documents: int = 0

    def companies(self) -> list[Row]:
        return [
            {"CompanyCode": code, "CompanyCodeName": name, "Currency": currency,
             "ChartOfAccounts": chart.CHART, "Country": entity[:2]}
            for code, entity, name, currency in chart.COMPANIES
        ]  # fmt: skip

    def accounts(self) -> list[Row]:
        return [
            {"ChartOfAccounts": chart.CHART, "GLAccount": number.zfill(10), "GLAccountName": name,
             "AccountIsBlockedForPosting": False, "CreationDate": date("2024-01-01")}
            for number, name in chart.ACCOUNTS
        ]  # fmt: skip

    def periods(self) -> list[Row]:
        return [
            {"CompanyCode": company, "FiscalYear": str(year), "FiscalPeriod": f"{month:03d}",
             "FiscalPeriodStartDate": date(f"{year}-{month:02d}-01"),
             "PostingPeriodIsOpen": f"{year}-{month:02d}" not in self.closed}
            for company, *_ in chart.COMPANIES
            for year in chart.YEARS
            for month in range(1, 13)
        ]  # fmt: skip

    def post(self, entry: Element) -> tuple[str, str, str]:
        """Number, company code and year of the new document. Raises Rejected."""
        code = entry.said("CompanyCode")
        company = next((one for one in chart.COMPANIES if one[0] == code), None)
        if company is None:
            raise Rejected(("171(F5)", f"Company code {code} does not exist"))
        day = entry.said("PostingDate")
        if day[:7] in self.closed or int(day[:4]) not in chart.YEARS:
            words = f"Posting period {int(day[5:7]):03d} {day[:4]} is not open"
            raise Rejected(("609(RW)", "Error in document: BKPFF $"), ("201(F5)", words))
        reference = entry.said("DocumentReferenceID")
        header = entry.said("DocumentHeaderText")
        rows = [self._item(company, one, "S") for one in entry.all("Item")]
        rows += [self._item(company, one, "D") for one in entry.all("DebtorItem")]
        for name in ("AmountInTransactionCurrency", "AmountInCompanyCodeCurrency"):
            if sum((Decimal(row[name]) for row in rows), Decimal(0)):
                words = "Amount balance in transaction currency must be zero"
                raise Rejected(("609(RW)", "Error in document: BKPFF $"), ("016(FINS)", words))
        self.documents += 1
        number, year = f"{100000000 + self.documents:010d}", day[:4]
        for place, row in enumerate(rows, 1):
            self.items.append({
                **row, "FiscalYear": year, "AccountingDocument": number,
                "AccountingDocumentItem": f"{place:03d}",
                "AccountingDocumentType": entry.said("AccountingDocumentType"),
                "DocumentReferenceID": reference, "AccountingDocumentHeaderText": header,
                "PostingDate": date(day), "DocumentDate": date(entry.said("DocumentDate")),
            })  # fmt: skip
        return number, company[0], year

    def _item(self, company: tuple[str, str, str, str], one: Element, kind: str) -> Row:
        account, customer = one.said("GLAccount").lstrip("0"), ""
        if kind == "D":
            account, customer = chart.RECEIVABLE, one.said("Debtor")
            if customer not in self.partners:
                words = f"Customer {customer} is not defined in company code {company[0]}"
                raise Rejected(("609(RW)", "Error in document: BKPFF $"), ("102(F5)", words))
        elif account not in {number for number, _ in chart.ACCOUNTS}:
            words = f"G/L account {account} is not defined in chart of accounts {chart.CHART}"
            raise Rejected(("609(RW)", "Error in document: BKPFF $"), ("507(F5)", words))
        elif account == chart.RECEIVABLE:
            words = f"Account {account} is a reconciliation account: it cannot be posted directly"
            raise Rejected(("354(F5)", words))
        amount = Decimal(one.said("AmountInTransactionCurrency"))
        own = one.said("AmountInCompanyCodeCurrency")
        if (amount < 0) != (one.said("DebitCreditCode") == "H"):
            raise Rejected(("000(00)", "Sign and debit/credit code do not agree"))
        (named,) = one.all("AmountInTransactionCurrency")
        currency = named.attributes.get("currencyCode", company[3])
        return {
            "CompanyCode": company[0], "GLAccount": account.zfill(10), "Customer": customer,
            "FinancialAccountType": kind, "AssignmentReference": one.said("AssignmentReference"),
            "ClearingAccountingDocument": "", "DocumentItemText": one.said("DocumentItemText"),
            "CompanyCodeCurrency": company[3],
            "AmountInCompanyCodeCurrency": own or str(amount),
            "TransactionCurrency": currency, "AmountInTransactionCurrency": str(amount),
        }  # fmt: skip

    def create_partner(self, value: dict[str, Any]) -> Row:
        """Raises Invalid."""
        identity = str(value.get("BusinessPartnerIDByExtSystem") or "")
        if len(identity) > 20 or not value.get("OrganizationBPName1"):
            raise Invalid("Fill in the name; an external number has at most 20 characters.")
        addresses = (value.get("to_BusinessPartnerAddress") or {}).get("results") or ()
        if any(not one.get("Country") for one in addresses):
            raise Invalid("Country is required in the address.")
        number = str(1000001 + len(self.partners))
        self.partners[number] = {
            "__metadata": {"etag": 'W/"1"', "uri": f"A_BusinessPartner('{number}')"},
            "BusinessPartner": number, "Customer": number, "BusinessPartnerCategory": "2",
            "BusinessPartnerIDByExtSystem": identity,
            "OrganizationBPName1": value["OrganizationBPName1"],
            "BusinessPartnerIsBlocked": False, "CreationDate": date("2026-01-01"),
        }  # fmt: skip
        return self.partners[number]

    def change_partner(self, number: str, value: dict[str, Any]) -> None:
        """Raises KeyError."""
        row = self.partners[number]
        row.update(value)
        version = int(row["__metadata"]["etag"][3:-1]) + 1
        row["__metadata"]["etag"] = f'W/"{version}"'

    def clear(self) -> int:
        """As SAP's automatic clearing: a customer's items of one assignment that come to zero."""
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in self.items:
            if row["FinancialAccountType"] == "D" and not row["ClearingAccountingDocument"]:
                groups.setdefault((row["Customer"], row["AssignmentReference"]), []).append(row)
        count = 0
        for rows in groups.values():
            if not sum((Decimal(row["AmountInCompanyCodeCurrency"]) for row in rows), Decimal(0)):
                count += 1
                for row in rows:
                    row["ClearingAccountingDocument"] = f"{200000000 + count:010d}"
        return count

"""What the sandbox holds: companies with their accounts, customers, drafts and entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from connectors.systems.business_central.sandbox import chart
from connectors.systems.business_central.sandbox.odata import Row, refused

NOBODY: Final = "00000000-0000-0000-0000-000000000000"
_LONGEST: Final = {
    "code": 10, "displayName": 100, "documentNumber": 20, "externalDocumentNumber": 35,
    "description": 100, "comment": 250, "number": 20, "customerPurchaseOrderReference": 35,
    "taxRegistrationNumber": 20, "city": 30, "postalCode": 20, "addressLine1": 100,
    "addressLine2": 50,
}  # fmt: skip


@dataclass(slots=True)
class Company:
    """``entries`` are general ledger entries with the number of their posting in ``posting``."""

    id: str
    name: str
    label: str
    currency: str
    accounts: dict[str, Row] = field(default_factory=dict)
    customers: dict[str, Row] = field(default_factory=dict)
    journals: dict[str, Row] = field(default_factory=dict)
    payments: dict[str, Row] = field(default_factory=dict)
    invoices: dict[str, Row] = field(default_factory=dict)
    credit_memos: dict[str, Row] = field(default_factory=dict)
    entries: list[Row] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    postings: int = 0
    numbers: int = 1000


class World:
    """``clock`` gives the instant of a change; ids are counted, so that a replay makes the same."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)
        self._made = 0
        # What Business Central adds to lines of documents whose tax code is not ``chart.UNTAXED``.
        self.tax_percent = Decimal(0)
        self.subscriptions: dict[str, Row] = {}
        self.companies: dict[str, Company] = {}
        # Told of each change: company, collection, record, kind of change.
        self.changed: Callable[[Company, str, str, str], None] = lambda *_: None
        for name, label, currency in chart.COMPANIES:
            company = Company(self.guid(), name, label, currency)
            self.companies[company.id] = company
            for number, title, category in chart.ACCOUNTS:
                company.accounts[number] = {
                    "id": self.guid(), "number": number, "displayName": title,
                    "category": category, "subCategory": "", "blocked": False,
                    "accountType": "Posting", "directPosting": number != chart.RECEIVABLE,
                    "netChange": Decimal(0), "lastModifiedDateTime": self.stamp(),
                }  # fmt: skip

    def guid(self) -> str:
        self._made += 1
        return str(uuid5(NAMESPACE_URL, f"business-central:{self._made}"))

    def stamp(self) -> str:
        return self.at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    def touch(self, row: Row) -> Row:
        """A changed row has a new state: its etag and the instant."""
        self._made += 1
        row["@odata.etag"] = f"W/\"'{self._made}'\""
        row["lastModifiedDateTime"] = self.stamp()
        return row

    def company(self, guid: str) -> Company:
        if guid not in self.companies:
            raise refused("The company does not exist.", "Internal_CompanyNotFound", 404)
        return self.companies[guid]

    def periods(self, company: Company) -> list[Row]:
        return [
            {
                "id": str(uuid5(NAMESPACE_URL, f"{company.id}:{year}-{month}")),
                "startingDate": f"{year}-{month:02d}-01",
                "name": f"{datetime(year, month, 1, tzinfo=UTC):%B}",
                "newFiscalYear": month == 1,
                "closed": f"{year}-{month:02d}" in company.closed,
                "dateLocked": False,
                "lastModifiedDateTime": self.stamp(),
            }
            for year in chart.YEARS
            for month in range(1, 13)
        ]

    def setup(self, company: Company) -> Row:
        return {
            "id": company.id,
            "allowPostingFrom": f"{chart.YEARS[0]}-01-01",
            "allowPostingTo": f"{chart.YEARS[-1]}-12-31",
            "additionalReportingCurrency": "",
            "localCurrencyCode": company.currency,
            "localCurrencySymbol": "",
            "lastModifiedDateTime": self.stamp(),
        }

    def create_customer(self, company: Company, value: Row) -> Row:
        fits(value)
        number = str(value.get("number") or self.next(company, "C")).upper()
        if number in company.customers:
            raise refused(
                f"The Customer already exists. Identification fields and values: No.='{number}'",
                "Internal_EntityWithSameKeyExists",
            )
        blank = dict.fromkeys(
            ("addressLine1", "addressLine2", "city", "state", "country", "postalCode", "email",
             "phoneNumber", "website", "taxRegistrationNumber", "currencyCode"), "",
        )  # fmt: skip
        row = {
            "id": self.guid(), "number": number, "type": "Company", **blank,
            "balanceDue": Decimal(0), "blocked": "_x0020_", "taxLiable": False,
            **{name: one for name, one in value.items() if name != "number"},
        }  # fmt: skip
        company.customers[number] = self.touch(row)
        self.changed(company, "customers", row["id"], "created")
        return row

    def next(self, company: Company, prefix: str) -> str:
        company.numbers += 1
        return f"{prefix}{company.numbers}"

    def subscribe(self, value: Row, identity: str = "") -> Row:
        held = self.subscriptions.get(identity, {})
        row: dict[str, Any] = {**held, **value}
        row["subscriptionId"] = identity or self.guid().replace("-", "")
        ends = self.at + timedelta(days=3)
        row["expirationDateTime"] = ends.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.subscriptions[row["subscriptionId"]] = self.touch(row)
        return row


def fits(value: Row) -> None:
    """Raises Refused for a text that is longer than its field."""
    for name, most in _LONGEST.items():
        text = value.get(name)
        if isinstance(text, str) and len(text) > most:
            raise refused(
                f"The length of the string is {len(text)}, but it must be less than or equal to "
                f"{most} characters. Value: {text}",
                "Application_StringExceededLength",
            )

"""A company's books on an empty database, and business events through the line into them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from connectors.models import Connection, Environment
from revops.events.models import Channel, InboundEvent, InboxState
from revops.kernel.money import Money
from revops.kernel.strict_json import dumps, loads
from revops.ledger import books
from revops.ledger.models import JournalEntry
from revops.mappings.models import (
    AccountMap,
    EntityMap,
    LedgerAccount,
    LegalEntity,
    MappingVersion,
    SkuMap,
    TaxMap,
)
from revops.mappings.operations import NewRate, make_calendar, publish_rates
from revops.pipeline import process, receive, sources
from revops.sandbox.chart import ACCOUNTS, ROLES

SOURCE = "billing"
SKUS = (
    ("even", "4000", "month_even"),
    ("daily", "4000", "daily"),
    ("once", "4000", "point_in_time"),
    ("usage", "4100", "point_in_time"),
)
_number = itertools.count(1)


class Stage:
    """Books of one legal entity in ``currency``, 2024 to 2028, without an ERP."""

    def __init__(self, currency: str = "USD", *, calendar: str = "monthly") -> None:
        books.forget()
        sources.forget()
        self.currency = currency
        self.connection = Connection.objects.create(
            slug=SOURCE, connector="stripe", label="Billing", environment=Environment.SANDBOX,
            base_url="http://127.0.0.1:9",
        )  # fmt: skip
        self.entity = LegalEntity.objects.create(
            code="US", name="US Inc", zone="UTC", functional_currency=currency
        )
        EntityMap.objects.create(connection=self.connection, legal_entity=self.entity)
        version = MappingVersion.objects.create(note="Opening maps", made_by="test")
        accounts = {
            code: LedgerAccount.objects.create(code=code, name=name, monetary=monetary)
            for code, name, monetary in ACCOUNTS
        }
        common: dict[str, Any] = {
            "legal_entity": self.entity, "version": version,
            "valid": DateRange(date(2024, 1, 1), None),
        }  # fmt: skip
        AccountMap.objects.bulk_create(
            AccountMap(role=role, account=accounts[code], **common) for role, code in ROLES
        )
        TaxMap.objects.create(code="us-ca", account=accounts["2100"], **common)
        for sku, revenue, convention in SKUS:
            SkuMap.objects.create(
                sku=sku, convention=convention, revenue_account=accounts[revenue],
                deferral_account=accounts["2300"], **common,
            )  # fmt: skip
        for year in range(2024, 2029):
            if calendar == "monthly":
                make_calendar(self.entity, year=year)

    def rate(self, day: str, value: str, currency: str = "EUR", quote: str = "") -> None:
        publish_rates(
            [
                NewRate(
                    currency, quote or self.currency, date.fromisoformat(day), Decimal(value), "ECB"
                )
            ],
            by="test",
        )

    def tell(self, contract: str, on: str, **data: Any) -> None:
        """One event through the line, dated at noon of ``on``."""
        number = next(_number)
        at = datetime.fromisoformat(on).replace(hour=12, tzinfo=UTC) + timedelta(seconds=number)
        offered = receive.Offered(
            id=f"ev_{number}", contract=contract, occurred_at=at, data=loads(dumps(data))
        )
        receive.accept(
            connection_slug=SOURCE, items=[offered], channel=Channel.API, correlation_id="co-stage"
        )
        self.advance()

    def advance(self) -> None:
        source = sources.by_slug(SOURCE)
        while process.advance_once(source):
            pass

    def customer(self, name: str = "cus_1") -> None:
        self.tell("customer.created/1", "2024-01-01", customer_id=name, name=name.upper())

    def invoice(
        self,
        number: str,
        on: str,
        amount: str,
        *,
        currency: str = "USD",
        sku: str = "even",
        until: str = "",
        service: tuple[str, str] | None = None,
        tax: str = "",
        usage_ref: str = "",
        **more: Any,
    ) -> None:
        """An invoice of one line; service of a year from ``on`` unless said."""
        net = minor(amount, currency)
        owed = minor(tax, currency) if tax else 0
        first = date.fromisoformat(on)
        year = first.replace(year=first.year + 1) - timedelta(days=1)
        start, end = service or (on, until or year.isoformat())
        line = {
            "line_id": f"{number}_1", "sku": sku, "amount": net,
            "taxes": [{"code": "us-ca", "amount": owed}] if owed else [],
            "service_period": {"start": start, "end": end}, "usage_ref": usage_ref,
        }  # fmt: skip
        self.tell(
            "invoice.issued/1", on, invoice_id=number, number=number, customer_id="cus_1",
            currency=currency, issued_on=on, lines=[line], total=net + owed, **more,
        )  # fmt: skip

    def pay(self, number: str, on: str, amount: str, *, currency: str = "USD", **more: Any) -> None:
        self.tell(
            "payment.applied/1", on, payment_id=f"pay_{number}_{on}", customer_id="cus_1",
            invoice_id=number, currency=currency, amount=minor(amount, currency), received_on=on,
            **more,
        )  # fmt: skip

    def entries(self, document_type: str) -> list[JournalEntry]:
        return list(
            JournalEntry.objects.filter(document_type=document_type)
            .prefetch_related("lines")
            .order_by("pk")
        )

    def entry(self, document_type: str) -> JournalEntry:
        (found,) = self.entries(document_type)
        return found

    def stuck(self) -> list[str]:
        """Events that did not go through, and why."""
        return list(
            InboundEvent.objects.exclude(
                state__in=(InboxState.PROCESSED, InboxState.IGNORED)
            ).values_list("reason", flat=True)
        )


def minor(text: str, currency: str = "USD") -> int:
    return Money.parse(text, currency).minor


def moved(*entries: JournalEntry, functional: bool = True) -> dict[str, int]:
    """What entries do to each account together, in minor units."""
    found: dict[str, int] = {}
    for entry in entries:
        for line in entry.lines.all():
            value = line.functional if functional else line.amount
            found[line.account] = found.get(line.account, 0) + value
    return {account: value for account, value in found.items() if value}


def balances(upto: str, *, functional: bool = True) -> dict[str, int]:
    entries: Iterable[JournalEntry] = JournalEntry.objects.filter(
        accounting_date__lte=upto
    ).prefetch_related("lines")
    return moved(*entries, functional=functional)

"""Every kind's table for a batch, and the details that hang on their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from revops.canonical.operations import rows
from revops.canonical.operations.change import Change, Telling
from revops.canonical.operations.claims import Claims
from revops.canonical.operations.matrix import Matrix
from revops.canonical.operations.table import Table
from revops.store import sql


class Tables:
    """Every kind's table for one connection, and what hangs on their rows."""

    def __init__(self, connection_id: int, matrix: Matrix) -> None:
        one = self.connection_id = connection_id
        self.matrix = matrix
        self.claims = Claims(connection_id)
        self.applications: dict[tuple[int, str], tuple[int, int]] = {}
        self.turned: list[str] = []
        self.parties_made: set[int] = set()
        self.parties_touched: set[int] = set()
        self.parties_joined: set[int] = set()
        self._applied: list[Sequence[Any]] = []
        self._credited: dict[tuple[int, str], int] = defaultdict(int)
        self._prices: dict[tuple[int, date], tuple[Any, ...]] = {}
        self.customer = Table("customer", rows.CustomerRow, one)
        self.product = Table("product", rows.ProductRow, one)
        self.price = Table("price", rows.PriceRow, one)
        self.opportunity = Table("opportunity", rows.OpportunityRow, one)
        self.quote = Table("quote", rows.QuoteRow, one)
        self.contract = Table("contract", rows.ContractRow, one)
        self.subscription = Table("subscription", rows.SubscriptionRow, one)
        self.entitlement = Table("entitlement", rows.EntitlementRow, one)
        self.invoice = Table("invoice", rows.InvoiceRow, one)
        self.tax = Table("tax", rows.TaxRow, one, table="taxdocument")
        self.payment = Table("payment", rows.PaymentRow, one)
        self.refund = Table("refund", rows.RefundRow, one)
        self.dispute = Table("dispute", rows.DisputeRow, one)
        self.payout = Table("payout", rows.PayoutRow, one)
        self.support_case = Table("support_case", rows.SupportCaseRow, one, table="supportcase")
        self.credit = Table("credit", rows.CreditRow, one)
        self.remittance = self._adjustment("remittance", one)
        self.credit_loss = self._adjustment("credit_loss", one)
        self.recovery = self._adjustment("recovery", one)

    @staticmethod
    def _adjustment(kind: str, connection_id: int) -> Table[rows.AdjustmentRow]:
        return Table(kind, rows.AdjustmentRow, connection_id, table="adjustment", only=kind)

    def of(self, kind: str) -> Table[Any]:
        table: Table[Any] = getattr(self, kind)
        return table

    def has(self, kind: str) -> bool:
        """Whether records of this kind are kept here."""
        return isinstance(getattr(self, kind, None), Table)

    def in_order(self) -> tuple[Table[Any], ...]:
        """Parents before children, as foreign keys need it."""
        return (
            self.customer, self.product, self.price, self.opportunity, self.quote, self.contract,
            self.subscription, self.entitlement, self.invoice, self.tax, self.payment, self.refund,
            self.dispute, self.payout, self.support_case, self.credit, self.remittance,
            self.credit_loss, self.recovery,
        )  # fmt: skip

    def governed_elsewhere(self, kind: str, field: str, legal_entity_id: int | None) -> bool:
        """Whether a rule gives the field to somebody other than this connection."""
        rule = self.matrix.rule(kind, field, legal_entity_id)
        return rule is not None and rule.owner_id != self.connection_id

    def became(self, table: Table[Any], row: rows.Row) -> None:
        """The record is now what parked events waited for."""
        self.turned.append(f"{table.name}:{row.source_id}")

    def price_version(
        self, price_id: int, day: date, told: Telling, terms: Mapping[str, Any]
    ) -> None:
        """The price from a day on; of two for one day the later version stands."""
        values = (told.version, *terms.values())
        known = self._prices.get((price_id, day))
        if known is None or _by_content(values) > _by_content(known[1:]):
            self._prices[price_id, day] = (told.event_id, *values)

    def load_applications(self, credits: Iterable[int]) -> None:
        """What these credits have settled already."""
        found = sql.rows(_APPLICATIONS, (list(credits),))
        self.applications = {
            (row.credit_id, row.application_id): (row.invoice_id, row.amount) for row in found
        }

    def apply_credit(
        self, credit_id: int, application_id: str, invoice_id: int, amount: int, day: date
    ) -> None:
        """A part of a balance settled an invoice."""
        self.applications[credit_id, application_id] = (invoice_id, amount)
        self._applied.append((credit_id, application_id, invoice_id, amount, day))

    def credit_line(self, invoice_id: int, line_id: str, amount: int) -> None:
        """A memo took ``amount`` off a line."""
        self._credited[invoice_id, line_id] += amount

    def flush_details(self) -> None:
        """Write what hangs on rows; after the rows and their lines."""
        APPLIED.insert(self._applied)
        if self._credited:
            sql.run(
                _CREDITED,
                (
                    [invoice_id for invoice_id, _ in self._credited],
                    [line_id for _, line_id in self._credited],
                    list(self._credited.values()),
                ),
            )
        PRICES.insert([(*key, *values) for key, values in self._prices.items()], _LATEST_PRICE)


# What applies one event; declared here so that every subject's table of them has one type.
Applier = Callable[[Tables, Any, Telling], Change]


def _by_content(values: Sequence[Any]) -> tuple[Any, ...]:
    return (values[0], *(str(value) for value in values[1:]))


APPLIED = sql.Columns(
    "canonical_creditapplication",
    credit_id="bigint",
    application_id="text",
    invoice_id="bigint",
    amount="bigint",
    applied_on="date",
)
PRICES = sql.Columns(
    "canonical_priceversion",
    price_id="bigint",
    valid_from="date",
    event_id="bigint",
    version="bigint",
    currency="text",
    model="text",
    unit_price="numeric",
    tiers="jsonb",
    package_size="numeric",
    included="numeric",
    meter="text",
    interval_months="smallint",
    active="boolean",
)
_LATEST_PRICE = """
ON CONFLICT (price_id, valid_from) DO UPDATE SET event_id = EXCLUDED.event_id,
    version = EXCLUDED.version, currency = EXCLUDED.currency, model = EXCLUDED.model,
    unit_price = EXCLUDED.unit_price, tiers = EXCLUDED.tiers,
    package_size = EXCLUDED.package_size, included = EXCLUDED.included, meter = EXCLUDED.meter,
    interval_months = EXCLUDED.interval_months, active = EXCLUDED.active
WHERE (EXCLUDED.version, EXCLUDED.currency, EXCLUDED.model, EXCLUDED.unit_price,
        EXCLUDED.tiers::text, EXCLUDED.included, EXCLUDED.active)
    > (canonical_priceversion.version, canonical_priceversion.currency,
        canonical_priceversion.model, canonical_priceversion.unit_price,
        canonical_priceversion.tiers::text, canonical_priceversion.included,
        canonical_priceversion.active)
"""
_APPLICATIONS = """
SELECT credit_id, application_id, invoice_id, amount FROM canonical_creditapplication
WHERE credit_id = ANY(%s)
"""
_CREDITED = """
UPDATE canonical_invoiceline line SET credited = line.credited + memo.amount
FROM unnest(%b::bigint[], %b::text[], %b::bigint[]) AS memo (invoice_id, line_id, amount)
WHERE line.invoice_id = memo.invoice_id AND line.line_id = memo.line_id
"""

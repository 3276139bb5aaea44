"""
What a warehouse holds of us: one table for each fact, one row for each record, the newest state.

Pure, and known to both ends: ``revops/warehouse`` reads rows of these columns, connectors of
warehouses make tables of them. A column that is added here is added there by the next load; one is
never renamed or given another type, because somebody's queries stand on it.

Money is whole minor units beside its currency; days are ISO days in the zone of the books; instants
are UTC.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


class Type(enum.StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DAY = "day"
    INSTANT = "instant"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Column:
    """``personal`` columns are loaded only where a connection is told to."""

    name: str
    type: Type = Type.TEXT
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """``name`` is that of the table. ``columns`` begin with ``COMMON``."""

    name: str
    about: str
    own: tuple[Column, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*COMMON, *self.own)


COMMON: Final = (
    Column("id", Type.INTEGER),
    Column("legal_entity"),
    Column("changed_at", Type.INSTANT),
)
_SOURCE: Final = (Column("source"), Column("source_id"))


def _all(type_: Type, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, type_) for name in names)


FACTS: Final[Mapping[str, Fact]] = {
    fact.name: fact
    for fact in (
        Fact(
            "customers",
            "A customer as one system knows it; customer_one joins what is one.",
            (
                *_SOURCE,
                Column("customer_one", Type.INTEGER),
                Column("name", personal=True),
                Column("email", personal=True),
                Column("currency"),
            ),
        ),
        Fact(
            "subscriptions",
            "What runs, from when, with which items.",
            (
                *_SOURCE,
                Column("customer_id", Type.INTEGER),
                *_all(Type.TEXT, "currency", "state"),
                *_all(Type.DAY, "started_on", "renews_on", "ends_on"),
                Column("items", Type.JSON),
            ),
        ),
        Fact(
            "invoices",
            "An invoice and how much of it is settled.",
            (
                *_SOURCE,
                Column("customer_id", Type.INTEGER),
                *_all(Type.TEXT, "number", "currency", "state"),
                *_all(Type.DAY, "issued_on", "due_on"),
                *_all(Type.INTEGER, "net", "tax", "total", "applied", "credited"),
            ),
        ),
        Fact(
            "invoice_lines",
            "A line of an invoice with its service period; changes with its invoice.",
            (
                Column("invoice_id", Type.INTEGER),
                Column("position", Type.INTEGER),
                *_all(Type.TEXT, "sku", "currency"),
                Column("quantity", Type.NUMBER),
                Column("amount", Type.INTEGER),
                *_all(Type.DAY, "service_start", "service_end"),
            ),
        ),
        Fact(
            "payments",
            "Money that came, and what of it came back.",
            (
                *_SOURCE,
                *_all(Type.INTEGER, "customer_id", "invoice_id"),
                *_all(Type.TEXT, "currency", "state"),
                *_all(Type.INTEGER, "amount", "allocated", "fee", "returned"),
                Column("dated", Type.DAY),
            ),
        ),
        Fact(
            "refunds",
            "Money that was given back.",
            (
                *_SOURCE,
                Column("payment_id", Type.INTEGER),
                Column("currency"),
                Column("amount", Type.INTEGER),
                *_all(Type.DAY, "dated", "returned_on"),
            ),
        ),
        Fact(
            "credits",
            "A credit and what of it was used.",
            (
                *_SOURCE,
                *_all(Type.INTEGER, "customer_id", "invoice_id"),
                *_all(Type.TEXT, "number", "credit_type", "currency", "state"),
                *_all(Type.INTEGER, "net", "tax", "total", "applied"),
                *_all(Type.DAY, "issued_on", "voided_on"),
            ),
        ),
        Fact(
            "journal_entries",
            "A journal; never changed, only reversed by another one.",
            (
                *_all(Type.TEXT, "lane", "document_type", "business_key", "period"),
                Column("accounting_date", Type.DAY),
                *_all(Type.TEXT, "currency", "functional_currency"),
                *_all(Type.INTEGER, "amount", "reverses_id"),
                Column("correlation_id"),
            ),
        ),
        Fact(
            "journal_lines",
            "A side of a journal: debits above zero, credits below.",
            (
                *_all(Type.INTEGER, "entry_id", "position"),
                *_all(Type.TEXT, "account", "currency", "functional_currency"),
                *_all(Type.INTEGER, "amount", "functional_amount"),
                *_all(Type.TEXT, "customer", "tax_code"),
            ),
        ),
        Fact(
            "recognitions",
            "Revenue of a period, out of a line's schedule; a later revision corrects it.",
            (
                *_all(Type.INTEGER, "entry_id", "schedule_id", "revision"),
                *_all(Type.TEXT, "period", "business_key", "line_id", "sku"),
                *_all(Type.DAY, "service_start", "service_end"),
                *_all(Type.TEXT, "deferral_account", "revenue_account", "customer"),
                *_all(Type.TEXT, "currency", "functional_currency"),
                *_all(Type.INTEGER, "amount", "functional_amount"),
            ),
        ),
    )
}

"""
The kinds of map: what a row is keyed by, what it says, and where it is stored.

Every kind reads and writes its rows as plain text by column, so that one grid, one file format and
one change set serve all of them. What a text may be is decided in ``operations/checking.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.db import models

from connectors import registry
from connectors.models import Connection
from connectors.postings import DOCUMENTS
from revops.mappings.models import (
    AccountMap,
    Convention,
    CostCentreMap,
    CustomerClassMap,
    EntityMap,
    ErpRoute,
    ExchangeRate,
    LedgerAccount,
    LegalEntity,
    OwnershipRule,
    PostsAs,
    RatePolicy,
    SkuMap,
    TaxMap,
)

Sort = Literal[
    "text", "account", "choice", "number", "switch", "currency", "connection", "entity", "rate"
]


class KindUnknown(LookupError):
    """There is no map of that kind."""


@dataclass(frozen=True, slots=True)
class Column:
    """
    One thing that a row says. ``path`` is where the model has it (``account__code``); ``blank``
    may be left empty.
    """

    name: str
    label: str
    path: str
    sort: Sort = "text"
    blank: bool = False
    choices: Mapping[str, str] | None = None
    longest: int = 120


@dataclass(frozen=True, slots=True)
class MapKind:
    """
    ``slug`` is in addresses and files, ``noun`` in sentences. ``key`` is the column that tells
    rows of one entity apart. ``gap`` is how a missing row is called in a case's cause, and
    ``fixed`` a key that the person does not choose. Maps of ``whole`` may be for all entities.
    What is not ``dated`` counts from the moment it is agreed to; of ``added`` ones rows are only
    ever added, and none stand in a new one's way.
    """

    slug: str
    label: str
    noun: str
    model: type[models.Model]
    key: Column
    values: tuple[Column, ...]
    gap: str = ""
    fixed: str = ""
    whole: bool = False
    dated: bool = True
    added: bool = False
    hint: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Key and values, as files have them."""
        return (self.key, *self.values) if not self.fixed else self.values

    def read(self) -> models.QuerySet[Any, dict[str, Any]]:
        """Every row as texts by column, with ``entity``, ``valid``, ``version`` and ``pk``."""
        paths = {column.path for column in (self.key, *self.values) if column.path}
        parts = {part for path in paths for part in path.split("|")}
        if self.dated:
            parts |= {"valid", "version_id", "version__made_by", "version__made_at"}
            parts.add("entity_code" if self.whole else "legal_entity__code")
        return self.model._default_manager.order_by("pk").values("pk", *parts)

    def said(self, row: Mapping[str, Any]) -> dict[str, str]:
        """What a row of ``read`` says, by value column."""
        return {column.name: _text(column, row.get(column.path)) for column in self.values}

    def key_of(self, row: Mapping[str, Any]) -> str:
        if self.fixed:
            return self.fixed
        return ".".join(str(row[part]) for part in self.key.path.split("|"))

    def entity_of(self, row: Mapping[str, Any]) -> str:
        if not self.dated:
            return ""
        return str(row["entity_code" if self.whole else "legal_entity__code"])


def _text(column: Column, value: Any) -> str:
    if column.sort == "switch":
        return "yes" if value else "no"
    if column.sort == "connection":
        return str(value) if value else CONSOLE
    return "" if value is None else str(value)


# Who owns a field that no system decides.
CONSOLE: Final = "console"

_ACCOUNT: Final = Column("account", "Ledger account", "account__code", "account")

KINDS: Final = (
    MapKind(
        "tax-codes", "Tax codes", "tax code", TaxMap, Column("code", "Tax code", "code"),
        (_ACCOUNT,), gap="tax", hint="Tax of a code is owed on its account; * is every other code.",
    ),
    MapKind(
        "skus", "SKUs", "SKU", SkuMap, Column("sku", "SKU", "sku"),
        (
            Column("label", "Label", "label", blank=True),
            Column("revenue_account", "Revenue account", "revenue_account__code", "account"),
            Column("deferral_account", "Deferral account", "deferral_account__code", "account"),
            Column("convention", "Recognised", "convention", "choice",
                   choices=dict(Convention.choices)),
        ),
        gap="sku", hint="What is sold under a SKU, and how its revenue is spread.",
    ),
    MapKind(
        "accounts", "Ledger accounts", "account role", AccountMap,
        Column("role", "Role", "role", longest=40), (_ACCOUNT,),
        gap="account", hint="Which account plays a role in an entity's books.",
    ),
    MapKind(
        "entities", "Legal entities", "entity hint", EntityMap,
        Column("hint", "Connection and hint", "connection__slug|hint", longest=181),
        (Column("entity", "Legal entity", "legal_entity__code", "entity"),),
        gap="entity", whole=True, dated=False,
        hint="Whose books an event belongs to: connection, a dot, and what the source says.",
    ),
    MapKind(
        "currencies", "Currencies", "rate policy", RatePolicy,
        Column("policy", "Policy", ""),
        (
            Column("max_age_days", "Oldest rate, days", "max_age_days", "number"),
            Column("inverse", "Takes the inverse", "inverse", "switch"),
            Column("via", "Goes through", "via", "currency", blank=True),
        ),
        fixed="rates", hint="Which exchange rates an entity's books accept.",
    ),
    MapKind(
        "rates", "Exchange rates", "exchange rate", ExchangeRate,
        Column("pair", "Pair and day", "currency|quote|day", longest=30),
        (
            Column("rate", "Rate", "rate", "rate"),
            Column("source", "Source", "source", longest=60),
        ),
        gap="rate", whole=True, dated=False, added=True,
        hint="Units of the second currency for one of the first: EUR.USD.2026-11-20.",
    ),
    MapKind(
        "cost-centres", "Cost centres", "cost centre", CostCentreMap,
        Column("account", "Ledger account", "account__code", "account"),
        (Column("cost_centre", "Cost centre", "cost_centre", longest=40),),
        hint="The tag that lines on an account carry to the ERP.",
    ),
    MapKind(
        "customer-classes", "Customer classes", "customer class", CustomerClassMap,
        Column("country", "Country", "country", longest=2),
        (Column("customer_class", "Customer class", "customer_class", longest=40),),
        hint="The tag that a customer's lines carry to the ERP; * is every other country.",
    ),
    MapKind(
        "routes", "ERP routes", "route", ErpRoute, Column("lane", "Lane", "lane", longest=24),
        (
            Column("connection", "Kept in", "connection__slug", "connection"),
            Column("posts_as", "Invoices go as", "posts_as", "choice", blank=True,
                   choices=dict(PostsAs.choices)),
        ),
        hint="Which ERP keeps an entity's books.",
    ),
    MapKind(
        "ownership", "Ownership", "ownership rule", OwnershipRule,
        Column("field", "Field", "record_kind|field", longest=65),
        (Column("owner", "Owner", "owner__slug", "connection"),),
        whole=True, hint="Which system is right about a field.",
    ),
)  # fmt: skip
_BY_SLUG: Final = {kind.slug: kind for kind in KINDS}
# Kinds of the grid; ownership and routes have a page of their own.
GRID: Final = tuple(kind for kind in KINDS if kind.slug not in ("ownership", "routes"))


def get(slug: str) -> MapKind:
    """Raises KindUnknown."""
    try:
        return _BY_SLUG[slug]
    except KeyError:
        raise KindUnknown(f"There is no map of “{slug}”.") from None


@dataclass(frozen=True, slots=True)
class Known:
    """What texts of a map may name: codes, with the id of each."""

    entities: Mapping[str, int]
    accounts: Mapping[str, int]
    connections: Mapping[str, int]
    # Connections whose system takes invoices, credit notes and payments as documents of its own.
    documents: frozenset[str] = frozenset()

    @classmethod
    def now(cls) -> Known:
        """Three queries."""
        held = Connection.objects.order_by("slug").values_list("slug", "pk", "connector")
        takes = {
            slug
            for slug, manifest in registry.all_manifests().items()
            if set(DOCUMENTS) <= set(manifest.accepts)
        }
        return cls(
            dict(LegalEntity.objects.order_by("code").values_list("code", "pk")),
            dict(LedgerAccount.objects.order_by("code").values_list("code", "pk")),
            {slug: pk for slug, pk, _ in held},
            frozenset(slug for slug, _, connector in held if connector in takes),
        )

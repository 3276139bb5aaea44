"""Any canonical record on a page of its own: facts, lines, history, where systems differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.apps import apps
from django.db.models import Model

from revops.canonical.classes import class_of
from revops.canonical.models import ExternalReference, InvoiceLine
from revops.canonical.queries.drift import Difference, differences
from revops.canonical.queries.history import Changed, history
from revops.kernel.money import Money
from revops.kernel.sight import looking, shown
from revops.lineage.kinds import KINDS
from revops.web.formats import accounting_date, when

# What a page says otherwise, or not at all.
_UNSAID: Final = frozenset(
    {"id", "version", "rank", "created_at", "updated_at", "correlation_id", "first_event_id",
     "content_sha256", "currency", "lines", "items", "tiers", "address", "other_ids", "taxes",
     "tax_key", "merged_version"}
)  # fmt: skip
_MONEY: Final = frozenset(
    {"amount", "net", "tax", "total", "applied", "credited", "allocated", "allocated_later", "fee",
     "returned", "returned_fee", "fee_returned"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """
    A line of an invoice, an item of a contract, or a line of a credit; ``id`` is the source's,
    where journal lines name it.
    """

    sku: str
    note: str
    quantity: str
    amount: Money | None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    kind: str
    label: str
    row: Any
    facts: Sequence[tuple[str, Any]]
    lines: Sequence[Line]
    references: Sequence[ExternalReference]
    history: Sequence[Changed]
    differences: Sequence[Difference]

    @property
    def masked(self) -> bool:
        """Whether something of it is there and not shown."""
        eyes = looking()
        return any(
            getattr(self.row, field.name) and not eyes.shows(class_of(self.kind, field.name))
            for field in self.row._meta.fields
            if not field.is_relation
        )

    @property
    def name(self) -> str:
        for field in ("number", "name", "title"):
            if held := getattr(self.row, field, ""):
                return str(shown(held, class_of(self.kind, field)))
        return str(self.row.source_id)


def record_of(kind: str, id: int) -> Record | None:
    """None for kinds and ids that there are not. At most seven queries."""
    model = _MODELS.get(KINDS[kind].table) if kind in KINDS else None
    if model is None:
        return None
    parents = [field.name for field in model._meta.fields if field.is_relation]
    row: Any = model._default_manager.select_related(*parents).filter(pk=id).first()
    if row is None:
        return None
    return Record(
        kind=kind,
        label=KINDS[kind].label,
        row=row,
        facts=_facts(kind, row),
        lines=_lines(row),
        references=list(
            ExternalReference.objects.filter(record_kind=kind, record_id=id)
            .select_related("connection")
            .order_by("connection__label", "external_id")
        ),
        history=[_seen(kind, change) for change in history(kind, id)],
        differences=differences(kind, [id], closed=True),
    )


def _seen(kind: str, change: Changed) -> Changed:
    data = class_of(kind, change.field)
    return replace(change, before=shown(change.before, data), after=shown(change.after, data))


def _facts(kind: str, row: Any) -> list[tuple[str, Any]]:
    """Every column in plain words; amounts with their currency; relations by their own names."""
    currency = getattr(row, "currency", "")
    facts: list[tuple[str, Any]] = []
    for field in row._meta.fields:
        if field.name in _UNSAID or field.is_relation:
            continue
        value = getattr(row, field.name)
        if value in (None, ""):
            continue
        label = str(field.verbose_name).replace(" on", "").capitalize()
        if field.name.endswith("_ref"):
            # Once it is known here, it is one of the ways that the page offers.
            if getattr(row, field.name.replace("_ref", "_id"), None):
                continue
            label = label.replace(" ref", ", not known here")
        if field.name in _MONEY and currency:
            value = Money(value, currency)
        elif hasattr(row, f"get_{field.name}_display"):
            value = getattr(row, f"get_{field.name}_display")()
        elif field.get_internal_type() == "DateField":
            value = accounting_date(value)
        elif field.get_internal_type() == "DateTimeField":
            value = when(value, "seconds")
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        facts.append((label, shown(value, class_of(kind, field.name))))
    return facts


def _lines(row: Any) -> list[Line]:
    currency = getattr(row, "currency", "")
    if row._meta.model_name == "invoice":
        return [
            Line(
                one.sku, one.description, f"{one.quantity.normalize():f}",
                Money(one.amount, currency), one.line_id,
            )
            for one in InvoiceLine.objects.filter(invoice=row).order_by("position")
        ]  # fmt: skip
    held = getattr(row, "items", None) or getattr(row, "lines", None) or []
    if not isinstance(held, list):
        return []
    return [_line(item, currency) for item in held if isinstance(item, dict)]


def _line(item: Mapping[str, Any], currency: str) -> Line:
    amount = item.get("amount", item.get("unit_amount"))
    known = isinstance(amount, int) and bool(currency)
    return Line(
        str(item.get("sku") or item.get("source_id") or item.get("line_id") or ""),
        str(item.get("description") or item.get("kind") or ""),
        str(item.get("quantity") or ""),
        Money(amount, currency) if known and isinstance(amount, int) else None,
    )


_MODELS: Final[Mapping[str, type[Model]]] = {
    model._meta.db_table: model for model in apps.get_app_config("canonical").get_models()
}

"""Reading journal entries for the list: a page by key, newest accounting date first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from revops.delivery.models import OutboundCommand
from revops.kernel.money import Money
from revops.kernel.privacy import PII
from revops.ledger.models import JournalEntry, JournalLine
from revops.mappings.models import LedgerAccount
from revops.web.csv_files import Column, instant_cell, money_cells
from revops.web.filters import State
from revops.web.lists import page_at
from revops.web.pagination import Page

Entries = QuerySet[JournalEntry, JournalEntry]
_ORDER: Final = ("-accounting_date", "-id")
_MOST_ROWS: Final = 5_000
COLUMNS: Final = (
    "journal_id", "accounting_date", "period", "legal_entity", "document_type",
    Column("description", PII),
    "currency", "amount", "functional_currency", "rule", "mapping_version", "standing", "system",
    "external_number", "business_key", "revision", "recorded_at", "correlation_id",
)  # fmt: skip


def page_of_entries(state: State) -> Page[JournalEntry]:
    """
    Entries with ``standing``, ``system`` and ``number`` of their newest posting: ``posted``,
    ``waiting``, ``retrying``, ``in_doubt``, ``missing`` or ``not_due``.
    """
    rows = entries(state)
    return page_at(rows, state, order=_ORDER)


def entries(state: State) -> Entries:
    """Every entry that the address asks for."""
    newest = OutboundCommand.objects.filter(
        subject_kind="journal", subject_id=OuterRef("pk")
    ).order_by("-id")
    rows = JournalEntry.objects.select_related("legal_entity", "period").annotate(
        command_state=Subquery(newest.values("state")[:1]),
        system=Subquery(newest.values("connection__label")[:1]),
        number=Subquery(newest.values("external_number")[:1]),
        external=Subquery(newest.values("external_id")[:1]),
    )
    if state.one("entity"):
        rows = rows.filter(legal_entity__code=state.one("entity"))
    if state.one("period"):
        rows = rows.filter(period__code=state.one("period"))
    if state.one("document"):
        rows = rows.filter(document_type=state.one("document"))
    if state.one("account"):
        on = JournalLine.objects.filter(entry=OuterRef("pk"), account=state.one("account"))
        rows = rows.filter(Exists(on))
    if words := state.one("q").strip():
        rows = rows.filter(_named(words))
    return _standing(rows, state.one("standing"))


def accounts() -> dict[str, str]:
    """The accounts to filter by: code → code and name."""
    held = LedgerAccount.objects.order_by("code").values_list("code", "name")
    return {code: f"{code} {name}" for code, name in held}


def every_entry(state: State) -> Iterator[list[str]]:
    """The lines of the CSV: the current filter, up to 5,000."""
    for row in entries(state).order_by(*_ORDER)[:_MOST_ROWS].iterator(chunk_size=500):
        yield [
            f"JE-{row.pk}", row.accounting_date.isoformat(), row.period.code,
            row.legal_entity.code, row.document_type, row.description,
            *money_cells(Money(row.amount, row.currency)), row.functional_currency, row.rule,
            str(row.mapping_version), standing_of(row), getattr(row, "system", None) or "",
            getattr(row, "number", None) or getattr(row, "external", None) or "",
            row.business_key, str(row.revision), instant_cell(row.recorded_at),
            row.correlation_id,
        ]  # fmt: skip


def standing_of(row: Any) -> str:
    """The house's status of the entry's newest posting."""
    return _STATUS.get(row.command_state or "", "waiting")


def _named(words: str) -> Q:
    """An id of ours, a part of the description, or a business key's beginning."""
    found = Q(description__icontains=words) | Q(business_key__startswith=words)
    digits = words.upper().removeprefix("JE-")
    if digits.isascii() and digits.isdigit() and len(digits) < 19:
        found |= Q(pk=int(digits))
    return found


def _standing(rows: Any, wanted: str) -> Entries:
    match wanted:
        case "posted":
            rows = rows.filter(command_state="posted")
        case "missing":
            rows = rows.filter(command_state="exception")
        case "waiting":
            gone = ("posted", "exception", "cancelled")
            rows = rows.filter(command_state__isnull=False).exclude(command_state__in=gone)
        case "unrouted":
            rows = rows.filter(command_state__isnull=True)
    found: Entries = rows
    return found


_STATUS: Final = {
    "": "not_due",
    "posted": "posted",
    "exception": "missing",
    "unknown": "in_doubt",
    "retry_wait": "retrying",
    "cancelled": "cancelled",
}

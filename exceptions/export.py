"""The queue as a file: its columns and cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from exceptions import kinds
from exceptions.queries.causes import CauseRow
from revops.kernel.money import Money
from revops.kernel.privacy import PII
from revops.web.csv_files import Column, instant_cell, money_cells

CAUSE_COLUMNS: Final = (
    "cause_id", Column("cause", PII), "kind", "path", "cases_of_cause", "currency", "at_stake",
    "entities", "first_period", "period_ends", "oldest", "owner_team",
)  # fmt: skip
CASE_COLUMNS: Final = (
    "case_id", "status", "kind", Column("cause", PII), Column("subject", PII),
    Column("customer", PII), "legal_entity", "period", "currency", "at_stake", "occurrences",
    "opened_at", "due_at", "resolved_at", Column("resolution", PII), "owner_team",
    "system", "path", "correlation_id", "cause_id",
)  # fmt: skip


def cause_cells(rows: Iterable[CauseRow]) -> Iterator[list[str]]:
    """One line for each currency of a cause; amounts of currencies are never added up."""
    for row in rows:
        ends = row.endangers.ends.isoformat() if row.endangers else ""
        period = row.endangers.period if row.endangers else ""
        amounts: list[Money | None] = [*row.sum.amounts] or [None]
        for money in amounts:
            yield [
                row.key, row.sentence, row.kind.label, row.path, str(row.sum.cases),
                *money_cells(money), "; ".join(row.entities), period, ends,
                instant_cell(row.oldest), row.kind.team,
            ]  # fmt: skip


def case_cells(rows: Iterable[Any], *, at: datetime) -> Iterator[list[str]]:
    """Takes the rows of ``queries.cases.every_case``; an open case past its due time is late."""
    kind_labels: dict[str, str] = {}
    for row in rows:
        if row.kind not in kind_labels:
            kind_labels[row.kind] = kinds.described(row.kind).label
        known = row.at_stake is not None and row.currency
        money = money_cells(Money(row.at_stake, row.currency)) if known else ("", "")
        late = row.state == "open" and row.due_at < at
        yield [
            f"EXC-{row.id}", "late" if late else row.state, kind_labels[row.kind], row.cause,
            row.subject_label, row.customer_name, row.legal_entity_name or "", row.period_code,
            *money, str(row.occurrences), instant_cell(row.opened_at), instant_cell(row.due_at),
            instant_cell(row.resolved_at), row.resolution, row.owner_team, row.connection_slug,
            row.path, row.correlation_id, row.cause_key,
        ]  # fmt: skip

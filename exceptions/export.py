"""
The queue as a file: CSV for spreadsheets, streamed row by row.

UTF-8 with a byte order mark; ISO dates in UTC; plain decimals beside a currency column; cells that
a spreadsheet would run as a formula are quoted with an apostrophe (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from exceptions.queries.cases import CaseRow
from exceptions.queries.causes import CauseRow
from revops.kernel.money import Money
from revops.web.formats import figures

_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

CAUSE_COLUMNS: Final = (
    "cause_id", "cause", "kind", "path", "cases", "currency", "at_stake", "entities",
    "first_period", "period_ends", "oldest", "owner_team",
)  # fmt: skip
CASE_COLUMNS: Final = (
    "case_id", "status", "kind", "cause", "subject", "customer", "legal_entity", "period",
    "currency", "at_stake", "occurrences", "opened_at", "due_at", "resolved_at", "resolution",
    "owner_team", "system", "path", "correlation_id", "cause_id",
)  # fmt: skip


class _Echo:
    """What ``csv`` writes to; the row goes straight on."""

    def write(self, text: str) -> str:
        return text


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The file, a line at a time."""
    writer = csv.writer(_Echo())
    yield _BOM + str(writer.writerow(columns))
    for row in rows:
        yield str(writer.writerow([_cell(value) for value in row]))


def cause_cells(rows: Iterable[CauseRow]) -> Iterator[list[str]]:
    """One line for each currency of a cause; amounts of currencies are never added up."""
    for row in rows:
        ends = row.endangers.ends.isoformat() if row.endangers else ""
        period = row.endangers.period if row.endangers else ""
        amounts: list[Money | None] = [*row.sum.amounts] or [None]
        for money in amounts:
            yield [
                row.key, row.sentence, row.kind.label, row.path, str(row.sum.cases), *_money(money),
                "; ".join(row.entities), period, ends, _instant(row.oldest), row.kind.team,
            ]  # fmt: skip


def case_cells(rows: Iterable[CaseRow]) -> Iterator[list[str]]:
    for row in rows:
        case = row.case
        yield [
            str(case), row.status, row.kind.label, case.cause, case.subject_label,
            case.customer_name, case.legal_entity.name if case.legal_entity else "",
            case.period_code, *_money(row.amount), str(case.occurrences), _instant(case.opened_at),
            _instant(case.due_at), _instant(case.resolved_at), case.resolution, case.owner_team,
            case.connection_slug, case.path, case.correlation_id, case.cause_key,
        ]  # fmt: skip


def _cell(value: str) -> str:
    """A number keeps its minus; any other text that starts like a formula is disarmed."""
    if value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(value: str) -> bool:
    return value.removeprefix("-").replace(".", "", 1).isdigit()


def _money(value: Money | None) -> tuple[str, str]:
    return (value.currency, figures(value.minor, value.currency)[0]) if value else ("", "")


def _instant(value: datetime | None) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if value else ""

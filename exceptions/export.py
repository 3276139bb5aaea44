"""
The queue as a file: CSV for spreadsheets, streamed row by row.

UTF-8 with a byte order mark; ISO dates in UTC; plain decimals beside a currency column; cells that
a spreadsheet would run as a formula are quoted with an apostrophe (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from typing import Any, Final

from exceptions import kinds
from exceptions.queries.causes import CauseRow
from revops.kernel.money import Money
from revops.web.formats import figures

_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
_FORMULA: Final = frozenset("=+-@\t\r")
_LINES: Final = 500

CAUSE_COLUMNS: Final = (
    "cause_id", "cause", "kind", "path", "cases_of_cause", "currency", "at_stake", "entities",
    "first_period", "period_ends", "oldest", "owner_team",
)  # fmt: skip
CASE_COLUMNS: Final = (
    "case_id", "status", "kind", "cause", "subject", "customer", "legal_entity", "period",
    "currency", "at_stake", "occurrences", "opened_at", "due_at", "resolved_at", "resolution",
    "owner_team", "system", "path", "correlation_id", "cause_id",
)  # fmt: skip


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The file, some hundred lines at a time."""
    lines = iter(rows)
    out = StringIO()
    writer = csv.writer(out)
    out.write(_BOM)
    writer.writerow(columns)
    while portion := list(islice(lines, _LINES)):
        writer.writerows([_cell(value) for value in row] for row in portion)
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


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


def case_cells(rows: Iterable[Any], *, at: datetime) -> Iterator[list[str]]:
    """Takes the rows of ``queries.cases.every_case``; an open case past its due time is late."""
    kind_labels: dict[str, str] = {}
    for row in rows:
        if row.kind not in kind_labels:
            kind_labels[row.kind] = kinds.described(row.kind).label
        known = row.at_stake is not None and row.currency
        money = _money(Money(row.at_stake, row.currency)) if known else ("", "")
        late = row.state == "open" and row.due_at < at
        yield [
            f"EXC-{row.id}", "late" if late else row.state, kind_labels[row.kind], row.cause,
            row.subject_label, row.customer_name, row.legal_entity_name or "", row.period_code,
            *money, str(row.occurrences), _instant(row.opened_at), _instant(row.due_at),
            _instant(row.resolved_at), row.resolution, row.owner_team, row.connection_slug,
            row.path, row.correlation_id, row.cause_key,
        ]  # fmt: skip


def _cell(value: str) -> str:
    """A number keeps its minus; any other text that starts like a formula is disarmed."""
    if value and value[0] in _FORMULA and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(value: str) -> bool:
    return value.removeprefix("-").replace(".", "", 1).isdigit()


def _money(value: Money | None) -> tuple[str, str]:
    return (value.currency, figures(value.minor, value.currency)[0]) if value else ("", "")


def _instant(value: datetime | None) -> str:
    if value is None:
        return ""
    # The database gives UTC; a fixed cut of ``isoformat`` is a tenth of ``strftime``'s time.
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return f"{utc.isoformat()[:19]}Z"

"""
A list as a file: CSV for spreadsheets, streamed some hundred rows at a time.

UTF-8 with a byte order mark; ISO dates in UTC; plain decimals beside a currency column; cells that
a spreadsheet would run as a formula are disarmed with an apostrophe (OWASP, CSV injection). A
``Column`` says which class of data it holds, and is masked like a page masks it; an architecture
test wants one for every column that holds words.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from typing import Final

from django.http import StreamingHttpResponse

from revops.kernel.money import Money
from revops.kernel.privacy import Data
from revops.kernel.sight import Sight, looking, shown
from revops.web.formats import figures

_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
# What begins a formula, in full width too; and what some spreadsheets skip before they look.
_FORMULA: Final = frozenset("=+-@\t\r\n|%＝＋－＠")
_SKIPPED: Final = " \N{NO-BREAK SPACE}\ufeff\u200b\u200e\u200f\u2060"
_LINES: Final = 500


class Column(str):
    """A column's name, and the class of data in its cells; a plain name holds INTERNAL."""

    holds: Data

    def __new__(cls, name: str, holds: Data) -> Column:
        made = super().__new__(cls, name)
        made.holds = holds
        return made


def csv_file(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, at: datetime
) -> StreamingHttpResponse:
    """The download ``<name>-<day>.csv``; the day is ``at``'s, in UTC."""
    response = StreamingHttpResponse(
        csv_lines(columns, rows), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}-{at:%Y-%m-%d}.csv"'
    return response


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The file, some hundred lines at a time, for the eyes of whoever asks for it now."""
    sight = looking()
    hidden = {
        place: column.holds
        for place, column in enumerate(columns)
        if isinstance(column, Column) and not sight.shows(column.holds)
    }
    return _lines(columns, _masked(rows, hidden) if hidden else rows)


def _masked(rows: Iterable[Sequence[str]], hidden: Mapping[int, Data]) -> Iterator[list[str]]:
    blind = Sight(frozenset())
    for row in rows:
        cells = list(row)
        for place, data in hidden.items():
            cells[place] = shown(cells[place], data, to=blind)
        yield cells


def _lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    lines = iter(rows)
    out = StringIO()
    # All cells are quoted: where the comma is the decimal sign, they would be parted elsewhere.
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    out.write(_BOM)
    writer.writerow(columns)
    while portion := list(islice(lines, _LINES)):
        writer.writerows([_cell(value) for value in row] for row in portion)
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _cell(value: str) -> str:
    """A number keeps its minus; any other text that starts like a formula is disarmed."""
    seen = value.lstrip(_SKIPPED)
    if seen and seen[0] in _FORMULA and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(value: str) -> bool:
    digits = value.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()


def money_cells(value: Money | None) -> tuple[str, str]:
    """Currency, and the plain decimal; both empty for no amount."""
    return (value.currency, figures(value.minor, value.currency)[0]) if value else ("", "")


def instant_cell(value: datetime | None) -> str:
    """``2026-10-31T14:05:02Z``; empty for no instant."""
    if value is None:
        return ""
    # The database gives UTC; a fixed cut of ``isoformat`` is a tenth of ``strftime``'s time.
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return f"{utc.isoformat()[:19]}Z"

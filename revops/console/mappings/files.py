"""Maps as files: CSV and spreadsheets out, and in again with what is wrong beside each row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Final

from openpyxl import Workbook

from revops.mappings.changing import Change, Slot
from revops.mappings.kinds import MapKind
from revops.mappings.operations.sets import MOST_ROWS
from revops.mappings.queries import Place, Row
from revops.web import tables
from revops.web.tables import FileRefused

LARGEST: Final = 2 * 1024 * 1024
PROBLEM: Final = "error"
# What a file of ours has beside the row itself; read back, it means nothing.
_BESIDE: Final = frozenset({PROBLEM, "version", "changed", "changed_by"})
_FORMULA: Final = tuple("=+-@")


@dataclass(slots=True)
class Sheet:
    """What a file says: its header, its rows as texts, and each row as a change."""

    header: list[str]
    rows: list[list[str]]
    changes: list[Change] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)
    unchanged: int = 0
    # The row of the file that each change came from.
    places: list[int] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        return sum(1 for one in self.problems if one)


def columns_of(kind: MapKind) -> list[str]:
    """The header of a file of this kind."""
    days = ["valid_from", "valid_to"] if kind.dated else []
    entity = [] if not kind.dated else ["entity"]
    return ["op", *entity, *(column.name for column in kind.columns), *days]


def lines_of(kind: MapKind, rows: Iterable[Row]) -> Iterator[list[str]]:
    """A file's rows, as they are read in again; with the version and who made it."""
    for row in rows:
        entity = [row.entity] if kind.dated else []
        key = [] if kind.fixed else [row.key]
        values = [row.slot.values[column.name] for column in kind.values]
        days = [_iso(row.slot.since), _iso(row.slot.last)] if kind.dated else []
        made = [str(row.version or ""), _iso(row.at), row.by] if kind.dated else []
        yield ["set", *entity, *key, *values, *days, *made]


def spreadsheet(header: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """An .xlsx whose cells are all texts, so that no code loses its zeros and nothing computes."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Mappings")
    sheet.append(list(header))
    for line in lines:
        sheet.append([_text_cell(value) for value in line])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _text_cell(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value


def read(kind: MapKind, name: str, content: bytes, held: Mapping[Place, list[Slot]]) -> Sheet:
    """
    A file as changes. Rows that say what stands already are left out and counted. Raises
    FileRefused for what is no such file.
    """
    if len(content) > LARGEST:
        raise FileRefused(f"The file is larger than {LARGEST // 1024 // 1024} MB.")
    table = tables.read(name, content, most=MOST_ROWS)
    if not table:
        raise FileRefused("The file is empty.")
    header = [cell.strip().lower().lstrip("\ufeff") for cell in table[0]]
    needed = [one for one in columns_of(kind) if one not in ("op", "valid_to")]
    missing = [one for one in needed if one not in header]
    if missing:
        raise FileRefused(f"The first row must name the columns. Missing: {', '.join(missing)}.")
    unknown = set(header) - set(columns_of(kind)) - _BESIDE - {""}
    if unknown:
        raise FileRefused(f"Nobody knows the columns {', '.join(sorted(unknown))}.")
    rows = [row for row in table[1:] if any(cell.strip() for cell in row)]
    if len(rows) > MOST_ROWS:
        raise FileRefused(f"A file has at most {MOST_ROWS:,} rows; this one has {len(rows):,}.")
    sheet = Sheet(header, rows, problems=[{} for _ in rows])
    for number, row in enumerate(rows):
        cells = {name: _plain(cell) for name, cell in zip(header, row, strict=False)}
        change = _change(kind, cells, sheet.problems[number])
        if change is None:
            continue
        if _stands(held.get(change.place, ()), change):
            sheet.unchanged += 1
            continue
        sheet.changes.append(change)
        sheet.places.append(number)
    return sheet


def with_errors(sheet: Sheet) -> tuple[list[str], list[list[str]]]:
    """The file as it came, with a last column that says what is wrong with each row."""
    kept = [place for place, name in enumerate(sheet.header) if name != PROBLEM]
    lines = [
        [*((row + [""] * len(sheet.header))[place] for place in kept), " ".join(told.values())]
        for row, told in zip(sheet.rows, sheet.problems, strict=True)
    ]
    return [*(sheet.header[place] for place in kept), PROBLEM], lines


def as_text(sheet: Sheet) -> str:
    """The rows as CSV, to be sent along with a page and asked for again."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerows([sheet.header, *sheet.rows])
    return out.getvalue()


def _change(kind: MapKind, cells: Mapping[str, str], problems: dict[str, str]) -> Change | None:
    since = _day(cells, "valid_from", problems)
    until = _day(cells, "valid_to", problems)
    if problems:
        return None
    op = cells.get("op", "").lower() or "set"
    return Change(
        op,
        cells.get("entity", "") if kind.dated else "",
        kind.fixed or cells.get(kind.key.name, ""),
        since if kind.dated else date.min,
        until,
        {column.name: cells.get(column.name, "") for column in kind.values} if op == "set" else {},
    )


def _day(cells: Mapping[str, str], name: str, problems: dict[str, str]) -> date | None:
    text = cells.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        problems[name] = f"{name} is a day like 2026-11-30, not “{text[:20]}”."
        return None


def _stands(slots: Iterable[Slot], change: Change) -> bool:
    return change.op == "set" and any(
        slot.since == change.since
        and slot.last == change.until
        and dict(slot.values) == dict(change.values)
        for slot in slots
    )


def _plain(cell: str) -> str:
    """A cell without the apostrophe that kept it from being computed."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def _iso(day: date | datetime | None) -> str:
    return "" if day is None or day == date.min else day.isoformat()[:10]

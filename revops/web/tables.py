"""Tables that people bring as files, CSV or spreadsheets, as rows of texts."""

from __future__ import annotations

import csv
import zipfile
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Final

from openpyxl import load_workbook

_UNPACKED: Final = 40 * 1024 * 1024
_WIDEST: Final = 40


class FileRefused(ValueError):
    """The file cannot be read; the message says why."""


def read(name: str, content: bytes, *, most: int) -> list[list[str]]:
    """
    The file's rows, its header first; by its name an .xlsx, else CSV in UTF-8 with commas or
    semicolons. ``most`` rows count, and one more shows that there are too many. Raises FileRefused.
    """
    return _xlsx(content, most) if name.lower().endswith(".xlsx") else _csv(content)


def _csv(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused("The file is no text in UTF-8. Save it as CSV UTF-8 or .xlsx.") from None
    if "\x00" in text:
        raise FileRefused("The file is no CSV.")
    first = text.splitlines()[0] if text.strip() else ""
    mark = ";" if first.count(";") > first.count(",") else ","
    try:
        return list(csv.reader(StringIO(text), delimiter=mark, strict=True))
    except csv.Error as error:
        raise FileRefused(f"The file cannot be read as CSV: {error}.") from error


def _xlsx(content: bytes, most: int) -> list[list[str]]:
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            if sum(one.file_size for one in packed.infolist()) > _UNPACKED:
                raise FileRefused("The spreadsheet unpacks to more than anybody would type.")
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        found = []
        for row in sheet.iter_rows(max_col=_WIDEST, max_row=most + 2, values_only=True):
            cells = [_cell(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            found.append(cells)
    except FileRefused:
        raise
    except Exception as error:
        # A library that reads foreign files may raise anything.
        raise FileRefused("The file cannot be read as a spreadsheet (.xlsx).") from error
    width = len(found[0]) if found else 0
    return [row + [""] * (width - len(row)) for row in found]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

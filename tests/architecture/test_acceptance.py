"""What the screens keep to is listed row by row, and every row names tests that exist."""

from __future__ import annotations

import ast
import re
from typing import Final

import pytest

from tests.architecture import house

PAGE: Final = "docs/acceptance.md"
HOW_MANY: Final = {
    "A": 4, "K": 6, "H": 5, "S": 6, "Z": 3, "P": 3, "L": 2, "E": 4, "C": 2, "X": 2, "R": 1, "M": 1,
    "W": 1,
}  # fmt: skip
WANTED: Final = [f"{letter}{n}" for letter, count in HOW_MANY.items() for n in range(1, count + 1)]
_ROW: Final = re.compile(r"^\| ([A-Z]\d) .*\|$", re.MULTILINE)
_TEST: Final = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROWS: Final = {
    row[1]: row[0] for row in _ROW.finditer((house.ROOT / PAGE).read_text(encoding="utf-8"))
}


class TestAcceptance:
    def test_is_listed_row_by_row(self) -> None:
        assert list(ROWS) == WANTED

    @pytest.mark.parametrize("row", WANTED)
    def test_is_shown_by_tests_that_exist(self, row: str) -> None:
        named = _TEST.findall(ROWS[row])
        assert named, f"{row} names no test in {PAGE}"
        assert ROWS[row].count("::") == len(named), f"{row} names something else than a test"
        for path, test in named:
            functions = {
                node.name
                for node in house.nodes(house.ROOT / path)
                if isinstance(node, ast.FunctionDef)
            }
            assert test in functions, f"{path} has no {test}"

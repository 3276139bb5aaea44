"""Faults of people and the web have tests of their name, and the page that lists them is true."""

from __future__ import annotations

import ast
import re
from typing import Final

import pytest

from tests.architecture import house

PAGE: Final = "docs/faults.md"
FAULTS: Final = [*(f"H{n}" for n in range(1, 15)), *(f"I{n}" for n in range(1, 37))]
_ROW: Final = re.compile(r"^\| ([HI]\d+) .*\|$", re.MULTILINE)
_TEST: Final = re.compile(r"`((?:tests|connectors)/[\w/]+\.py)::(test_\w+)`")
ROWS: Final = {
    row[1]: row[0] for row in _ROW.finditer((house.ROOT / PAGE).read_text(encoding="utf-8"))
}


class TestFaults:
    def test_are_all_listed(self) -> None:
        assert list(ROWS) == FAULTS

    @pytest.mark.parametrize("fault", FAULTS)
    def test_are_held_by_tests_that_exist_and_carry_their_name(self, fault: str) -> None:
        named = _TEST.findall(ROWS[fault])
        assert named, f"{fault} names no test in {PAGE}"
        for path, test in named:
            assert f"_{fault.lower()}_" in test
            assert test in _functions(path), f"{path} has no {test}"


def _functions(path: str) -> set[str]:
    return {
        node.name for node in house.nodes(house.ROOT / path) if isinstance(node, ast.FunctionDef)
    }

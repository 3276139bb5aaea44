"""docs/systems.md says of every kind of system what is taken and done, and which tests show it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Final

import pytest

from connectors import registry
from connectors.manifest import Capability, Manifest
from tests.docs import pages

PAGE: Final = "docs/systems.md"
IN: Final = "in"
OUT: Final = "out"
# The rows of the scope, with their ways.
SCOPE: Final[Mapping[str, frozenset[str]]] = {
    "S1": frozenset({IN, OUT}), "S2": frozenset({IN, OUT}), "S3": frozenset({IN}),
    "S4": frozenset({IN, OUT}), "S5": frozenset({IN, OUT}), "S6": frozenset({IN}),
    "S7": frozenset({IN, OUT}), "S8": frozenset({IN, OUT}), "S9": frozenset({OUT}),
    "S10": frozenset({IN, OUT}), "S11": frozenset({OUT}),
}  # fmt: skip
# In which rows a connector of a role stands.
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "crm": ("S1",), "billing": ("S2", "S3"), "bank": ("S3",), "tax": ("S4",), "erp": ("S5",),
    "usage": ("S6",), "support": ("S7",), "success": ("S8",), "warehouse": ("S9",),
    "portal": ("S10",), "custom": ("S10",), "mail": ("S11",), "chat": ("S11",),
}  # fmt: skip
_TEST: Final = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
_QUOTED: Final = re.compile(r"`([^`]+)`")
# By one of these a test has ports of its own.
_PORTS: Final = ("serving(", "at_a_port(", "live_server", "World")


@dataclass(frozen=True, slots=True)
class Row:
    row: str
    way: str
    kinds: tuple[str, ...]
    sockets: tuple[tuple[str, str], ...]
    inside: tuple[tuple[str, str], ...]

    def names(self, kind: str) -> bool:
        return any(fnmatchcase(kind, one) for one in self.kinds)


@cache
def rows() -> tuple[Row, ...]:
    head, *found = pages.rows_of(PAGE)
    assert head[0] == "Row"
    return tuple(
        Row(
            cells[0], cells[1], tuple(_QUOTED.findall(cells[3])),
            tuple(_TEST.findall(cells[4])), tuple(_TEST.findall(cells[5])),
        )
        for cells in found
    )  # fmt: skip


def kinds_of(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """What comes from such a system, and what is done there."""
    for contract in manifest.emits:
        yield IN, contract.partition("/")[0]
    for kind in manifest.lists:
        yield IN, kind
    if manifest.can(Capability.USAGE):
        yield IN, "usage"
    for command in manifest.accepts:
        yield OUT, command


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((pages.ROOT / path).read_text(encoding="utf-8"))
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))


class TestSystems:
    def test_every_row_of_the_scope_is_there_both_ways(self) -> None:
        found: dict[str, set[str]] = {}
        for one in rows():
            found.setdefault(one.row, set()).add(one.way)
        assert list(found) == list(SCOPE)
        assert [row for row, ways in SCOPE.items() if not ways <= found[row]] == []

    @pytest.mark.parametrize("slug", list(registry.all_manifests()))
    def test_what_a_connector_tells_lists_and_is_asked_for_stands_in_a_row(self, slug: str) -> None:
        manifest = registry.manifest(slug)
        here = [one for one in rows() if one.row in ROLES[manifest.role]]
        missing = [
            (way, kind) for way, kind in kinds_of(manifest)
            if not any(one.way == way and one.names(kind) for one in here)
        ]  # fmt: skip
        assert missing == []

    @pytest.mark.parametrize("number", range(len(rows())))
    def test_a_row_is_shown_by_tests_that_exist(self, number: int) -> None:
        one = rows()[number]
        assert one.sockets, f"{one.row} {one.way} names no test over sockets"
        assert one.inside, f"{one.row} {one.way} names no test in one process"
        for path, test in (*one.sockets, *one.inside):
            assert test in functions_of(path), f"{path} has no {test}"
        for path, _ in one.sockets:
            text = (pages.ROOT / path).read_text(encoding="utf-8")
            assert any(word in text for word in _PORTS), f"{path} has no port"

    def test_no_kind_is_named_that_no_connector_has(self) -> None:
        known: dict[str, set[tuple[str, str]]] = {}
        for manifest in registry.all_manifests().values():
            for row in ROLES[manifest.role]:
                known.setdefault(row, set()).update(kinds_of(manifest))
        for one in rows():
            for kind in one.kinds:
                assert any(
                    way == one.way and fnmatchcase(name, kind) for way, name in known[one.row]
                ), (one.row, kind)

"""O4: raw usage stays in the console. What leaves it is made of rated lines, never of records."""

from __future__ import annotations

import ast

import pytest

from tests.architecture import house

# Where commands are made and sent, and where journals are.
OUTBOUND = (
    "revops/delivery",
    "revops/ledger",
    "revops/pipeline/dispatch.py",
    "revops/pipeline/send.py",
    "revops/pipeline/outcomes.py",
    "revops/pipeline/journalize",
    "revops/pipeline/flows",
    "connectors/systems/tryton",
)
RAW = {"Record", "RecordKey", "Stream", "DayTotal", "Batch", "Conflict", "Refused"}
TABLES = ("usage_record", "usage_recordkey", "usage_stream", "usage_daytotal", "usage_batch")


def raw_usage(tree: ast.AST) -> list[str]:
    """Imports and statements by which code could get at raw usage."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = {name.name for name in node.names}
            if module.startswith("revops.usage.reading") or (
                module.startswith("revops.usage.models") and names & RAW
            ):
                found.append(f"{node.lineno}: {module}")
            if module.startswith(("revops.usage.operations", "revops.pipeline.metering")):
                found.append(f"{node.lineno}: {module}")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [f"{node.lineno}: {name}" for name in TABLES if name in node.value]
    return found


class TestRawUsage:
    def test_is_in_reach_of_nothing_that_goes_out(self) -> None:
        looked = [path for path in house.code() if house.name_of(path).startswith(OUTBOUND)]
        assert len(looked) > 20
        found = [
            f"{house.name_of(path)}:{what}"
            for path in looked
            for what in raw_usage(house.tree_of(path))
        ]
        assert not found, "\n".join(found)

    @pytest.mark.parametrize(
        "code",
        [
            "from revops.usage.models import RatedLine, Record",
            "from revops.usage.reading import Raw",
            "from revops.usage.operations.intake import store",
            "from revops.pipeline.metering import door",
            "x = 'SELECT * FROM usage_record'",
        ],
    )
    def test_would_be_seen(self, code: str) -> None:
        assert raw_usage(ast.parse(code))

    @pytest.mark.parametrize(
        "code",
        [
            "from revops.usage.models import RatedLine",
            "from revops.usage.queries.interfaces import billable_lines",
        ],
    )
    def test_leaves_rated_lines_alone(self, code: str) -> None:
        assert raw_usage(ast.parse(code)) == []

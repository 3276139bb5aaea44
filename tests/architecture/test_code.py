"""Rules of the code that no library checks, read from the code itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture import house

# Where amounts are made, moved, added up or shown. A float anywhere in them is a mistake.
MONEY = (
    "revops/kernel/money.py",
    "revops/contracts",
    "revops/ledger",
    "revops/canonical",
    "revops/mappings",
    "revops/lineage",
    "revops/pipeline/journalize",
    "revops/pipeline/period_end",
    "revops/pipeline/recognize.py",
    "revops/api/shapes",
    "revops/web/formats.py",
    "exceptions/models",
    "exceptions/queries",
    "connectors/systems",
)
# Times are no money: these modules count seconds.
TIMES = ("sandbox", "polling", "probe")


def money_modules() -> list[Path]:
    return [
        path
        for path in house.code()
        if any(house.name_of(path).startswith(start) for start in MONEY)
        and not any(word in house.name_of(path) for word in TIMES)
    ]


def floats(tree: ast.AST) -> list[ast.AST]:
    """Float literals, ``float`` as a type or a call, and true division."""
    return [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
    ]


class TestMoney:
    def test_meets_no_float(self) -> None:
        found = [
            f"{house.name_of(path)}:{getattr(node, 'lineno', 0)} {ast.unparse(node)[:60]}"
            for path in money_modules()
            for node in floats(house.tree_of(path))
            if not _no_money(node, path)
        ]
        assert not found, "\n".join(found)

    def test_is_in_modules_that_are_there(self) -> None:
        missing = [start for start in MONEY if not (house.ROOT / start).exists()]
        assert not missing, "\n".join(missing)

    @pytest.mark.parametrize("line", ["x = 1.5", "x: float = y", "x = float(y)", "x = total / 3"])
    def test_would_be_caught(self, line: str) -> None:
        assert [node for node in floats(ast.parse(line)) if not _no_money(node)]


def _no_money(node: ast.AST, path: Path | None = None) -> bool:
    """Paths and Decimals are divided exactly; seconds may be floats and say that they are."""
    if isinstance(node, ast.BinOp):
        words = ast.unparse(node)
        return bool(re.search(r"Decimal|timedelta|Path|folder|/ ['\"]", words))
    if path is None:
        return False
    line = path.read_text(encoding="utf-8").splitlines()[getattr(node, "lineno", 1) - 1]
    return bool(re.search(r"monotonic|\bseconds\b|\w+_(?:at|s): float", line))


class TestQueues:
    """PostgreSQL is the only queue: a message carries no due time and no retry."""

    def test_hold_no_due_time(self) -> None:
        found = [
            f"{house.name_of(path)}:{node.lineno} {keyword.arg}"
            for path in house.code()
            for node in house.nodes(path)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg in ("countdown", "eta", "autoretry_for", "retry_backoff")
        ]
        assert not found, "\n".join(found)

    def test_retry_nothing(self) -> None:
        found = [
            f"{house.name_of(path)}:{node.lineno}"
            for path in house.code()
            for node in house.nodes(path)
            if isinstance(node, ast.Call)
            and re.search(r"(?:self|task)\.retry$", house.called(node))
        ]
        assert not found, "\n".join(found)

    def test_i27_are_not_pickled(self) -> None:
        found = [
            house.name_of(path)
            for path in house.code()
            for node in house.nodes(path)
            if isinstance(node, ast.Import | ast.ImportFrom)
            and {"pickle", "marshal", "shelve"}
            & {
                getattr(node, "module", None) or "",
                *(name.name for name in node.names),
            }
        ]
        assert not found, "\n".join(found)


def _is_atomic(node: ast.AST) -> bool:
    return house.called(node).split(".")[-1] == "atomic"


def outside_calls_in_transactions(tree: ast.AST) -> list[ast.AST]:
    """What waits for somebody else while a transaction is open: HTTP, an event loop, sleep."""
    inside: list[ast.AST] = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.With | ast.AsyncWith)
            and any(_is_atomic(item.context_expr) for item in node.items)
        ) or (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and any(_is_atomic(one) for one in node.decorator_list)
        ):
            inside += node.body
    slow = re.compile(
        r"^(?:httpx|requests|urllib)\b|^(?:asyncio\.run|time\.sleep|sleep)$|run_until_complete$"
        r"|\bclient\.(?:get|post|put|patch|request|send)$|\burlopen$"
    )
    return [
        node
        for statement in inside
        for node in ast.walk(statement)
        if isinstance(node, ast.Await)
        or (isinstance(node, ast.Call) and slow.search(house.called(node)))
    ]


class TestTransactions:
    def test_wait_for_nobody_outside(self) -> None:
        found = [
            f"{house.name_of(path)}:{getattr(node, 'lineno', 0)} {ast.unparse(node)[:60]}"
            for path in house.code()
            for node in outside_calls_in_transactions(house.tree_of(path))
        ]
        assert not found, "\n".join(found)

    @pytest.mark.parametrize(
        "code",
        [
            "with sql.atomic():\n    client.post('/')",
            "with transaction.atomic(), x:\n    asyncio.run(send())",
            "@transaction.atomic\ndef f():\n    httpx.get('/')",
            "async def f():\n    with atomic():\n        await x",
            "with atomic():\n    time.sleep(1)",
        ],
    )
    def test_that_do_would_be_caught(self, code: str) -> None:
        assert outside_calls_in_transactions(ast.parse(code))


class TestSecrets:
    def test_are_never_switched_off(self) -> None:
        """No certificate goes unchecked, no signature is compared by ==."""
        unchecked = [
            f"{house.name_of(path)}:{node.lineno}"
            for path in house.code()
            for node in house.nodes(path)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg in ("verify", "verify_ssl", "ssl")
            and isinstance(keyword.value, ast.Constant)
            and keyword.value.value is False
        ]
        assert not unchecked, "\n".join(unchecked)

    def test_of_no_machine_are_in_the_project(self) -> None:
        """No path of somebody's own machine, in code, pages or docs."""
        paths = [*house.code(), *house.files(".html"), *house.files(".md", "docs")]
        pattern = re.compile(r"(?<![\w.])/(?:home|Users|root)/\w+")
        found = [
            f"{house.name_of(path)}: {hit.group()}"
            for path in paths
            for hit in pattern.finditer(path.read_text(encoding="utf-8"))
        ]
        assert not found, "\n".join(found)


class TestUnfinished:
    def test_work_is_not_left_in_the_code(self) -> None:
        pattern = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!\w)")
        found = [
            f"{house.name_of(path)}:{number}"
            for path in [*house.code(), *house.files(".html", "templates")]
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if pattern.search(line) and '"XXX"' not in line
        ]
        assert not found, "\n".join(found)


class TestSilencedMarks:
    SILENT = re.compile(
        r"#\s*(?:noqa|type:\s*ignore)(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[\w, -]+\])?"
    )

    def unreasoned(self, line: str) -> bool:
        """What is silenced says which rule, and behind it why, in words."""
        hit = self.SILENT.search(line)
        return hit is not None and not re.search(r"[a-z]{3}", line[hit.end() :])

    def test_say_why(self) -> None:
        found = [
            f"{house.name_of(path)}:{number}"
            for path in house.files(".py", *house.PACKAGES, "tests")
            if "migrations" not in path.parts
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if self.unreasoned(line)
        ]
        assert not found, "\n".join(found)

    @pytest.mark.parametrize("mark", ["noqa", "noqa: S608", "type: ignore[misc]", "type: ignore"])
    def test_without_a_reason_would_be_caught(self, mark: str) -> None:
        assert self.unreasoned(f"x = 1  # {mark}")
        assert not self.unreasoned(f"x = 1  # {mark}  the vendor names it so")

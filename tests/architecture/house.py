"""The project's own files and packages, for the tests that hold the house rules."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("accounts", "approvals", "connectors", "exceptions", "revops")
_SKIPPED: Final = {"__pycache__", "node_modules"}


def files(suffix: str, *folders: str) -> list[Path]:
    """Files of the project by their suffix, in the folders or everywhere; no generated ones."""
    starts = [ROOT / folder for folder in folders or (*PACKAGES, "templates", "static", "tests")]
    return sorted(
        path
        for start in starts
        if start.is_dir()
        for path in start.rglob(f"*{suffix}")
        if path.is_file()
        and not any(
            part.startswith(".") or part in _SKIPPED for part in path.relative_to(ROOT).parts
        )
    )


def code() -> list[Path]:
    """The product's Python files: no tests, no migrations."""
    return [
        path
        for path in files(".py", *PACKAGES)
        if "migrations" not in path.parts and not path.name.startswith("test_")
    ]


def name_of(path: Path) -> str:
    """A path as people write it: ``revops/api/hooks.py``."""
    return path.relative_to(ROOT).as_posix()


def lines_of(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(tree_of(path))


def called(node: ast.AST) -> str:
    """The dotted name that a call is made by: ``transaction.atomic``; empty when it has none."""
    if isinstance(node, ast.Call):
        node = node.func
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def layers() -> dict[str, int]:
    """Each package's height in the order of imports (pyproject.toml); 0 is the lowest."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in config["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers" and "containers" not in contract:
            rows = list(reversed(contract["layers"]))
            return {
                package.strip(" ()"): height
                for height, row in enumerate(rows)
                for package in row.replace("|", ":").split(":")
            }
    raise AssertionError("pyproject.toml no longer says in which order packages may import.")

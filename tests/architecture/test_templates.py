"""Pages under a strict content policy: nothing inline, nothing from elsewhere, all escaped."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture import house

TEMPLATES = house.files(".html", "templates", *house.PACKAGES)

FORBIDDEN = {
    "an inline style": r"<style\b|\sstyle\s*=",
    "an inline script": r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")",
    "an inline handler": r"\son[a-z]+\s*=",
    "an htmx handler that is evaluated": r"\shx-on|\shx-vals\s*=\s*[\"']js:",
    "javascript as an address": r"=\s*[\"']?\s*javascript:",
    "an address of another host": r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//",
    "text that is not escaped": r"\|\s*safe\b|\|\s*safeseq\b|{%\s*autoescape\s+off",
    "a token on the body, which boosted links lose": r"<body[^>]*hx-headers",
}


def found(paths: list[Path], pattern: str) -> list[str]:
    return [
        f"{house.name_of(path)}:{text[: hit.start()].count(chr(10)) + 1} {hit.group()!r}"
        for path in paths
        for text in [path.read_text(encoding="utf-8")]
        for hit in re.finditer(pattern, text, re.IGNORECASE)
    ]


class TestTemplates:
    @pytest.mark.parametrize("what", FORBIDDEN)
    def test_i6_i7_hold_no(self, what: str) -> None:
        assert found(TEMPLATES, FORBIDDEN[what]) == []

    def test_are_there_to_be_checked(self) -> None:
        assert len(TEMPLATES) >= 10

    @pytest.mark.parametrize(
        ("what", "line"),
        [
            ("an inline style", '<p style="color:red">'),
            ("an inline script", "<script>alert(1)</script>"),
            ("an inline handler", '<a href="/" onclick="go()">'),
            ("javascript as an address", '<a href="javascript:go()">'),
            ("an address of another host", '<script src="https://cdn.example/x.js">'),
            ("text that is not escaped", "{{ note|safe }}"),
        ],
    )
    def test_would_be_caught(self, what: str, line: str) -> None:
        assert re.search(FORBIDDEN[what], line, re.IGNORECASE)


class TestMarkup:
    def test_made_in_python_says_why_it_is_safe(self) -> None:
        """Each mark_safe carries ruff's S308 with the reason, where a reviewer looks for it."""
        silent = []
        for path in house.code():
            lines = path.read_text(encoding="utf-8").splitlines()
            for node in house.nodes(path):
                if isinstance(node, ast.Call) and house.called(node).endswith("mark_safe"):
                    reason = re.search(r"# noqa: S308\s+\S.{8,}", lines[node.lineno - 1])
                    if not reason:
                        silent.append(f"{house.name_of(path)}:{node.lineno}")
        assert not silent, "\n".join(silent)

    def test_scripts_build_no_markup_from_text(self) -> None:
        ours = [path for path in house.files(".js") if "vendor" not in path.parts]
        ours = [path for path in ours if "htmx" not in path.name]
        pattern = r"\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\beval\("
        # A button gets back exactly the markup that was taken from it while it was busy.
        known = "button.innerHTML = button.dataset.words"
        texts = {path: path.read_text(encoding="utf-8").replace(known, "") for path in ours}
        assert [
            f"{house.name_of(path)}: {hit.group()}"
            for path, text in texts.items()
            for hit in re.finditer(pattern, text)
        ] == []


class TestStyles:
    def test_load_nothing_from_elsewhere(self) -> None:
        sheets = house.files(".css", "static")
        assert found(sheets, r"url\(\s*[\"']?(?:https?:)?//|@import") == []

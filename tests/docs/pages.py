"""The project's pages for people, and what can be read out of them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
_FENCE: Final = re.compile(r"^([ \t]*)```.*?^\1```[ \t]*$", re.M | re.S)


def every() -> list[Path]:
    """All of them: those of the root, of docs, and of the connectors."""
    found = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("connectors/systems/*/README.md"),
    ]
    return sorted(found)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def text_of(page: str | Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def prose_of(page: str | Path) -> str:
    """Without blocks of code."""
    return _FENCE.sub("", text_of(page))


def anchors_of(page: Path) -> set[str]:
    """Its headings as addresses, in the way of GitHub."""
    titles = re.findall(r"^#{1,6}\s+(.*)$", prose_of(page), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def rows_of(page: str, *, after: str = "") -> list[list[str]]:
    """The cells of every row of its tables, from the heading ``after`` to the next one."""
    text = prose_of(page)
    if after:
        text = text.partition(f"{after}\n")[2]
        assert text, f"{page} has no heading {after}"
        text = re.split(r"^#{1,6} ", text, maxsplit=1, flags=re.M)[0]
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    return [
        [cell.strip() for cell in line[1:].removesuffix("|").split("|")]
        for line in lines
        if not set(line) <= set("|- :")
    ]


def quoted(page: str | Path) -> set[str]:
    """Everything in `backticks`, outside of blocks of code."""
    return set(re.findall(r"`([^`\n]+)`", prose_of(page)))

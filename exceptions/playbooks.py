"""
The playbooks: pages under docs/playbooks, one for each kind of case, readable in the repository
and in the console.

They use little of Markdown and this reads only that: headings, paragraphs, numbered and plain
lists, ``**strong**`` and `` `code` ``. Everything is escaped first. The section *How to fix it* is
a numbered list; its steps are shown beside a case and can be run on it.

A step is something to look at, unless it ends with what it is: ``[run retry]`` presses a remedy
(``[run retry or replay]`` the first that the case takes), ``[ask]`` asks somebody, ``[approve]``
wants the yes of somebody who took no step before. The last step of every run is that the case is
resolved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from revops.kernel.keys import sha256

STEPS: Final = "How to fix it"
CHECK: Final = "check"
RUN: Final = "run"
ASK: Final = "ask"
APPROVE: Final = "approve"
RESOLVED: Final = "resolved"
_MARK: Final = re.compile(r"\s*\[(?:(ask|approve)|run ([a-z_]+(?: or [a-z_]+)*))\]\s*\Z")
_SLUG: Final = re.compile(r"[a-z][a-z0-9_]*")
_BULLET: Final = re.compile(r"(?:\d+\.|-)\s+")
_MARKDOWN: Final = re.compile(r"\*\*(?P<strong>.+?)\*\*|`(?P<code>.+?)`")
_HTML: Final = re.compile(r"<strong>(?P<strong>.+?)</strong>|<code>(?P<code>.+?)</code>")


class PlaybookMissing(LookupError):
    """There is no such page."""


@dataclass(frozen=True, slots=True)
class Step:
    """``kind`` is one of the constants above; ``remedies`` are those that a RUN may press."""

    kind: str
    text: SafeString
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    html: SafeString
    items: Sequence[SafeString]
    plan: Sequence[Step] = ()


@dataclass(frozen=True, slots=True)
class Playbook:
    """``lead`` is the first paragraph: what it means, in a sentence or two."""

    slug: str
    title: str
    lead: str
    sections: Sequence[Section]

    @property
    def steps(self) -> Sequence[SafeString]:
        return next((found.items for found in self.sections if found.title == STEPS), ())

    @property
    def plan(self) -> list[Step]:
        """The steps of a run, with its end."""
        found = [step for part in self.sections if part.title == STEPS for step in part.plan]
        return [*found, Step(RESOLVED, escape("The case is resolved."))]

    @property
    def digest(self) -> str:
        """The same for the same steps: another one is another version."""
        return sha256("\n".join(f"{one.kind} {one.remedies} {one.text}" for one in self.plan))


def folder() -> Path:
    return Path(settings.BASE_DIR) / "docs" / "playbooks"


@lru_cache(maxsize=64)
def playbook(slug: str) -> Playbook:
    """Read a page once. Raises PlaybookMissing."""
    if not _SLUG.fullmatch(slug):
        raise PlaybookMissing(slug)
    try:
        text = (folder() / f"{slug}.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PlaybookMissing(slug) from None
    return parse(slug, text)


def every_playbook() -> list[Playbook]:
    """All pages, by title."""
    found = (playbook(path.stem) for path in folder().glob("*.md"))
    return sorted(found, key=lambda page: page.title)


def parse(slug: str, text: str) -> Playbook:
    """``# title``, a lead paragraph, then ``## sections``."""
    head, *parts = re.split(r"^## +", text, flags=re.MULTILINE)
    title, _, lead = head.strip().removeprefix("# ").partition("\n")
    sections = []
    for part in parts:
        name, _, body = part.partition("\n")
        html, plan = _blocks(body)
        sections.append(Section(name.strip(), html, [step.text for step in plan], plan))
    return Playbook(slug, title.strip(), " ".join(lead.split()), sections)


def _blocks(body: str) -> tuple[SafeString, list[Step]]:
    """HTML of a section's paragraphs and lists, and every list item on its own."""
    html: list[SafeString] = []
    every: list[Step] = []
    for block in re.split(r"\n\s*\n", body.strip()):
        if not block:
            continue
        if not _BULLET.match(block):
            html.append(format_html("<p>{}</p>", _inline(block)))
            continue
        items = [_step(item) for item in re.split(r"^(?:\d+\.|-)\s+", block, flags=re.M) if item]
        shown = format_html_join("", "<li>{}</li>", ((item.text,) for item in items))
        html.append(format_html("<ol>{}</ol>" if block[0].isdigit() else "<ul>{}</ul>", shown))
        every.extend(items)
    return _joined(html), every


def _step(item: str) -> Step:
    mark = _MARK.search(item)
    if mark is None:
        return Step(CHECK, _inline(item))
    remedies = tuple(mark[2].split(" or ")) if mark[2] else ()
    return Step(mark[1] or RUN, _inline(item[: mark.start()]), remedies)


def _inline(text: str) -> SafeString:
    return _shown(" ".join(text.split()), _MARKDOWN, str)


def kept(html: str) -> SafeString:
    """
    A step's text as a run of it was stored with. Whatever the table holds, only the two tags that
    a step can have are tags; the rest is text.
    """
    return _shown(html, _HTML, unescape)


def _shown(text: str, marks: re.Pattern[str], read: Callable[[str], str]) -> SafeString:
    """``text`` with what it marks as strong or as code; one may stand in the other."""
    parts: list[SafeString | str] = []
    at = 0
    for found in marks.finditer(text):
        parts.append(read(text[at : found.start()]))
        at = found.end()
        if found["strong"] is not None:
            parts.append(format_html("<strong>{}</strong>", _shown(found["strong"], marks, read)))
        else:
            parts.append(format_html("<code>{}</code>", _shown(found["code"], marks, read)))
    return _joined([*parts, read(text[at:])])


def _joined(parts: Iterable[SafeString | str]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))

"""
What is read, and what becomes of it: the connection's mapping, read from JSON. All members are in
docs/rest.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from connectors.systems.rest import asked
from connectors.systems.rest.asked import Node
from connectors.systems.rest.fitting import fits
from connectors.systems.rest.paths import Path
from connectors.systems.rest.paths import parse as parse_path
from connectors.systems.rest.spelling import conditions, fields_of, take
from connectors.systems.rest.takes import Condition, Take, Taken
from connectors.systems.rest.templates import Template, template
from revops.contracts.registry import CONTRACTS

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_DAY_S: Final = 24 * 3600
SINCE: Final = ("iso", "day", "epoch_s", "epoch_ms")
PAGES: Final = ("none", "link", "link_header", "cursor", "page", "offset")


@dataclass(frozen=True, slots=True)
class Pages:
    """
    How the next page is asked for: ``next`` is where an answer has the address (link) or the cursor
    of it, ``name`` the member of the query, ``size`` how many are asked for, 0 when nothing says.
    """

    by: str = "none"
    next: Path | None = None
    name: str = ""
    first: int = 1
    size: int = 0
    size_name: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """``since`` is the query's name for “changed since”, blank when the system has none."""

    path: Template
    items: Path
    query: Mapping[str, str]
    pages: Pages
    since: str = ""
    since_as: str = "iso"
    overlap_s: int = 300


@dataclass(frozen=True, slots=True)
class Asking:
    """Where one object is asked for, and where it stands in the answer."""

    path: Template
    at: Path


@dataclass(frozen=True, slots=True)
class Hook:
    """
    Which calls are of this kind (``when`` looks at the whole body), where the object stands in
    them, and, for those that only name it (``thin``), its id and what differs each time that it
    changes; these two are looked for in the object, with ``$`` for the whole body.
    """

    when: Sequence[Condition]
    at: Path
    thin: bool
    id: Path
    version: Path | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One event of the published language, for objects for which ``when`` holds."""

    contract: str
    when: Sequence[Condition]
    fields: Mapping[str, Take]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object: how it comes, how it is told apart and ordered, what it tells."""

    name: str
    listing: Listing | None
    asking: Asking | None
    hook: Hook | None
    id: Path
    at: Taken
    version: Path | None
    rules: Sequence[Rule]


@lru_cache(maxsize=64)
def read(text: str, allowed: frozenset[str]) -> tuple[Sequence[Kind], Sequence[str]]:
    """The kinds of a mapping, and what is wrong with it in sentences: then there are none."""
    if not text.strip():
        return (), ()
    kinds, problems = asked.read(text, lambda node: _kinds(node, allowed))
    return kinds or (), tuple(problems)


def _kinds(node: Node, allowed: frozenset[str]) -> Sequence[Kind]:
    node.only("kinds")
    found = [_kind(one, allowed) for one in node.rows("kinds", needed=True)]
    kinds = [one for one in found if one is not None]
    for one in {kind.name for kind in kinds if sum(it.name == kind.name for it in kinds) > 1}:
        node.wrong("kinds", f"there are two kinds called “{one}”")
    return tuple(kinds)


def _kind(node: Node, allowed: frozenset[str]) -> Kind | None:
    node.only("kind", "list", "object", "webhook", "id", "at", "version", "events")
    name = node.text("kind", needed=True)
    if name and not _NAME.fullmatch(name):
        node.wrong("kind", "a kind is called by small letters, digits and _, such as ticket")
    listed, one, hook = node.node("list"), node.node("object"), node.node("webhook")
    if listed is None and hook is None:
        node.wrong("", "“list” or “webhook” has to say how it comes")
    listing = _listing(listed) if listed else None
    asking = _asking(one) if one else None
    own = node.path("id", needed=True)
    heard = _hook(hook, own) if hook else None
    if heard is not None and heard.thin and one is None:
        node.wrong("", "a webhook that only names its object needs “object”, where it is read")
    at = _instant(node)
    version = node.path("version")
    rules = [_rule(rule, allowed) for rule in node.rows("events", needed=True)]
    if own is None or at is None:
        return None
    return Kind(
        name, listing, asking, heard, own, at, version,
        tuple(rule for rule in rules if rule is not None),
    )  # fmt: skip


def _instant(node: Node) -> Taken | None:
    if not node.has("at"):
        node.wrong("", "“at” is missing: when the object changed last")
        return None
    found = take(node.value["at"], node.at("at"), node.problems)
    if isinstance(found, Taken) and found.kind == "text":
        return Taken(found.path, "instant", found.time)
    if not isinstance(found, Taken) or found.kind != "instant":
        node.wrong("at", "this has to be a path that is taken as “instant”")
        return None
    return found


def _listing(node: Node) -> Listing | None:
    node.only("path", "query", "items", "since", "overlap_s", "pages")
    path = template(node, "path", places=())
    query = node.node("query")
    fixed = {} if query is None else {name: str(value) for name, value in query.value.items()}
    if query and not all(isinstance(one, str | int) for one in query.value.values()):
        query.wrong("", "what is asked for is written as texts or whole numbers")
    items = node.path("items") or parse_path(".")
    since, words = node.node("since"), "iso"
    if since is not None:
        since.only("name", "as")
        words = since.choice("as", SINCE, "iso")
    overlap = node.number("overlap_s", 300, most=7 * _DAY_S)
    pages = _pages(node.node("pages"))
    if path is None:
        return None
    name = since.text("name", needed=True, most=60) if since else ""
    return Listing(path, items, fixed, pages, name, words, overlap)


def _pages(node: Node | None) -> Pages:
    if node is None:
        return Pages()
    node.only("by", "next", "name", "first", "size", "size_name")
    by = node.choice("by", PAGES)
    if not by:
        node.wrong("", f"“by” is one of {', '.join(PAGES)}")
    onward = node.path("next", needed=by in ("link", "cursor"))
    name = node.text("name", needed=by in ("cursor", "page", "offset"), most=60)
    return Pages(
        by or "none", onward, name, node.number("first", 1, most=1),
        node.number("size", 0, most=1_000), node.text("size_name", most=60),
    )  # fmt: skip


def _asking(node: Node) -> Asking | None:
    node.only("path", "at")
    path = template(node, "path", places=("id",))
    at = node.path("at") or parse_path(".")
    return Asking(path, at) if path else None


def _hook(node: Node, own: Path | None) -> Hook | None:
    node.only("when", "at", "thin", "id", "version")
    at, thin, version = node.path("at") or parse_path("."), node.flag("thin"), node.path("version")
    if thin and version is None:
        node.wrong("", "“version” is missing: what differs each time that the object changes")
    named = node.path("id") or own
    return Hook(conditions(node), at, thin, named, version) if named else None


def _rule(node: Node, allowed: frozenset[str]) -> Rule | None:
    node.only("contract", "when", "fields")
    contract = node.text("contract", needed=True)
    when, fields = conditions(node), fields_of(node)
    if contract and contract not in allowed:
        near = ", ".join(sorted(one for one in allowed if one[:4] == contract[:4]))
        node.wrong(
            "contract", f"“{contract[:60]}” cannot be told{f'; near: {near}' if near else ''}"
        )
        return None
    if contract:
        fits(CONTRACTS[contract], fields, node.at("fields"), node.problems)
    return Rule(contract, when, fields)

"""
A thread as a graph: what came from what, left to right, as inline SVG under a strict policy.

A node stands one column right of what it came from; a branch keeps a row of its own. More than
``MOST`` nodes of one kind that came from the same node collapse into one that counts them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from revops.kernel.money import Money
from revops.lineage.queries import Hop
from revops.web.formats import money_text
from revops.web.statuses import look

MOST: Final = 4
_WIDE, _HIGH = 180, 68
_ACROSS, _DOWN = 198, 80
_EDGE: Final = 4
_PAGE: Final = 1_000


def drawn_width(width: int) -> int:
    """Shrunk to the page where it is long, and scrolled rather than made too small to read."""
    return width if width <= _PAGE else max(_PAGE, width * 18 // 25)


@dataclass(slots=True)
class Node:
    """A hop in its place; ``count`` > 1 stands for that many alike."""

    hop: Hop
    column: int
    row: int = 0
    count: int = 1
    children: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.hop.name if self.count == 1 else f"{self.count:,} of them"


@dataclass(frozen=True, slots=True)
class Graph:
    """``roots`` nest the same nodes as a list; ``svg`` draws them; ``missing`` counts gaps."""

    roots: Sequence[Node]
    svg: SafeString
    count: int
    missing: int


def graph_of(hops: Sequence[Hop], *, chosen: str, address: str) -> Graph:
    """``address`` is a link to a hop with ``{key}`` for its key."""
    shown = _collapsed([hop for hop in hops if not hop.aside or hop.missing])
    nodes = _placed(shown)
    rows = _rows(nodes)
    width = max((node.column for node in nodes.values()), default=0) * _ACROSS + _WIDE + 2 * _EDGE
    height = max(rows, 1) * _DOWN - (_DOWN - _HIGH) + 2 * _EDGE
    edges = "".join(
        _edge(nodes[first], node) for node in nodes.values() for first in _nearest(nodes, node)
    )
    boxes = "".join(_box(node, chosen=chosen, address=address) for node in nodes.values())
    said = f"{len(nodes)} steps from left to right; the list below says the same"
    svg = mark_safe(  # noqa: S308  digits, our own classes, and escaped words
        f'<svg class="draw" width="{drawn_width(width)}" viewBox="0 0 {width} {height}" '
        f'role="group" aria-label="{escape(said)}">{edges}{boxes}</svg>'
    )
    missing = sum(1 for node in nodes.values() if node.hop.problem)
    return Graph(_roots(nodes), svg, len(nodes), missing)


def _collapsed(hops: Sequence[Hop]) -> list[tuple[Hop, int]]:
    """
    Many alike from the same step become one, and then so do their own followers; problems always
    stand alone.
    """
    shown = [(hop, 1) for hop in hops]
    while True:
        alike: dict[tuple[str, tuple[str, ...]], list[tuple[Hop, int]]] = defaultdict(list)
        for hop, count in shown:
            if not hop.problem:
                alike[f"{hop.kind} {hop.label}", tuple(hop.after[:1])].append((hop, count))
        gone: dict[str, str] = {}
        made: dict[str, tuple[int, Money | None]] = {}
        for same in alike.values():
            first = same[0][0]
            if len(same) > MOST:
                gone |= {hop.key: first.key for hop, _ in same[1:]}
                made[first.key] = (sum(count for _, count in same), _sum([hop for hop, _ in same]))
        if not gone:
            return shown
        found = []
        for hop, count in shown:
            if hop.key in gone:
                continue
            after = tuple(dict.fromkeys(gone.get(key, key) for key in hop.after))
            number, total = made.get(hop.key, (count, hop.amount))
            found.append((replace(hop, after=after, amount=total), number))
        shown = found


def _sum(hops: Sequence[Hop]) -> Money | None:
    amounts = [hop.amount for hop in hops if hop.amount is not None]
    if not amounts or len({amount.currency for amount in amounts}) > 1:
        return None
    total = amounts[0]
    for amount in amounts[1:]:
        total = total + amount
    return total


def _placed(shown: Sequence[tuple[Hop, int]]) -> dict[str, Node]:
    """One column further right than the furthest of what a node came from; loops are cut."""
    hops = {hop.key: hop for hop, _ in shown}
    columns: dict[str, int] = {}

    def column(key: str, behind: frozenset[str]) -> int:
        if key not in columns:
            before = [one for one in hops[key].after if one in hops and one not in behind]
            columns[key] = max((column(one, behind | {key}) + 1 for one in before), default=0)
        return columns[key]

    return {hop.key: Node(hop, column(hop.key, frozenset((hop.key,))), 0, n) for hop, n in shown}


def _nearest(nodes: dict[str, Node], node: Node) -> list[str]:
    """What it came from without what those came from: a longer way says the same."""
    first = [key for key in node.hop.after if key in nodes]
    above: set[str] = set()
    edge = set(first)
    while edge:
        edge = {key for one in edge for key in nodes[one].hop.after if key in nodes} - above
        above |= edge
    return [key for key in first if key not in above] or first


def _rows(nodes: dict[str, Node]) -> int:
    """Give every node a free row, near the one it came from. How many rows there are."""
    taken: dict[int, set[int]] = defaultdict(set)
    for node in sorted(nodes.values(), key=lambda node: node.column):
        first = next((nodes[key] for key in node.hop.after if key in nodes), None)
        row = first.row if first is not None else 0
        while row in taken[node.column]:
            row += 1
        node.row = row
        taken[node.column].add(row)
    return max((node.row for node in nodes.values()), default=0) + 1


def _roots(nodes: dict[str, Node]) -> list[Node]:
    roots: list[Node] = []
    for node in nodes.values():
        first = next((nodes[key] for key in node.hop.after if key in nodes), None)
        (roots if first is None or first is node else first.children).append(node)
    return roots


def _edge(first: Node, node: Node) -> str:
    x1, y1 = first.column * _ACROSS + _EDGE + _WIDE, first.row * _DOWN + _EDGE + _HIGH // 2
    x2, y2 = node.column * _ACROSS + _EDGE, node.row * _DOWN + _EDGE + _HIGH // 2
    gone = " gone" if node.hop.problem else ""
    bend = (x1 + x2) // 2
    return (
        f'<path class="edge{gone}" d="M{x1} {y1}C{bend} {y1} {bend} {y2} {x2 - 6} {y2}"/>'
        f'<path class="tip{gone}" d="M{x2 - 7} {y2 - 4}v8l7-4z"/>'
    )


def _box(node: Node, *, chosen: str, address: str) -> str:
    hop = node.hop
    x, y = node.column * _ACROSS + _EDGE, node.row * _DOWN + _EDGE
    kinds = ["node"]
    if hop.problem:
        kinds.append("gone" if hop.status == "missing" else "held")
    if hop.key == chosen:
        kinds.append("chosen")
    seen = look(hop.status)
    told = hop.kind == "told" and node.count == 1
    system = _short(hop.system if told else f"{hop.system} {node.name}", 24)
    text = money_text(hop.amount) if hop.amount is not None else node.name if told else ""
    bad = " bad" if hop.problem else ""
    last = ""
    if text:
        last = f'<text class="sum{bad}" x="{x + 10}" y="{y + 56}">{escape(_short(text, 24))}</text>'
    word = hop.status_word or seen.word
    said = f"{hop.label} {node.name}, {hop.system}: {word}"
    link = escape(address.replace("{key}", hop.key))
    return (
        f'<a href="{link}" id="node-{hop.key}" aria-label="{escape(said)}">'
        f'<rect class="{" ".join(kinds)}" x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="5"/>'
        f'<text class="name" x="{x + 10}" y="{y + 20}">{escape(_short(hop.label, 19))}</text>'
        f'<svg class="mark-{seen.tone.value}" x="{x + _WIDE - 21}" y="{y + 9}" width="13" '
        f'height="13" viewBox="0 0 12 12"><use href="#icon-{seen.icon}"/></svg>'
        f'<text x="{x + 10}" y="{y + 38}">{escape(system)}</text>{last}</a>'
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"

"""A flow as a drawing: steps from left to right in the order in which they wait for each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from revops.console.graph import drawn_width
from revops.pipeline.flows.base import Flow, Kind, Step
from revops.pipeline.flows.capabilities import CAPABILITIES, systems
from revops.pipeline.flows.queries.runs import StepCounts
from revops.web.statuses import look

_WIDE, _HIGH, _ACROSS, _DOWN, _EDGE = 190, 84, 214, 98, 4
_LETTERS: Final = 22
WHO: Final[Mapping[Kind, str]] = {Kind.CHECK: "Check", Kind.LINE: "Line", Kind.COMMAND: "Command"}


@dataclass(slots=True)
class Node:
    """A step in its place, with what became of it."""

    step: Step
    counts: StepCounts
    column: int
    row: int = 0
    children: list[Node] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.step.name.replace(".", "-").replace("_", "-")

    @property
    def who(self) -> str:
        """Which systems do it; for what no connector can do, who does it instead."""
        if self.step.kind is not Kind.COMMAND:
            return WHO[self.step.kind]
        found = systems(self.step.capability)
        return ", ".join(name.capitalize() for name in found) or "No system yet"

    @property
    def absent(self) -> str:
        """Who does it, or takes it back, as long as no connector can."""
        undo = self.step.undo.capability if self.step.undo else ""
        asked = (CAPABILITIES.get(self.step.capability), CAPABILITIES.get(undo))
        return " ".join(one.absent for one in asked if one and one.absent)

    @property
    def status(self) -> str:
        counts = self.counts
        if counts.failed:
            return "failed"
        if counts.open:
            return "waiting"
        if self.step.kind is Kind.COMMAND and not systems(self.step.capability):
            return "skipped"
        return "done" if counts.done else "not_due"

    @property
    def said(self) -> str:
        """The counts in words, for the drawing and its list."""
        parts = [
            (self.counts.done, "done"),
            (self.counts.open, "open"),
            (self.counts.failed, "failed"),
        ]
        told = ", ".join(f"{count:,} {word}" for count, word in parts if count)
        return told or "none in 7 days"


@dataclass(frozen=True, slots=True)
class Drawing:
    """``roots`` nest the same steps as a list."""

    svg: SafeString
    nodes: tuple[Node, ...]
    roots: tuple[Node, ...]


def drawing(flow: Flow, counts: Mapping[str, StepCounts]) -> Drawing:
    """Each step leads to its line in the list below, ``#step-<key>``."""
    nodes: dict[str, Node] = {}
    taken: dict[int, int] = defaultdict(int)
    roots: list[Node] = []
    for step in flow.steps:
        before = [nodes[name] for name in step.after]
        node = Node(
            step,
            counts.get(step.name, StepCounts()),
            max((one.column + 1 for one in before), default=0),
        )
        # A row of its own in every column that a line to it crosses, so that none is run over.
        crossed = range(min((one.column for one in before), default=-1) + 1, node.column + 1)
        node.row = max(max(taken[column] for column in crossed), before[-1].row if before else 0)
        for column in crossed:
            taken[column] = node.row + 1
        nodes[step.name] = node
        (before[-1].children if before else roots).append(node)
    edges = "".join(_edge(nodes[name], node) for node in nodes.values() for name in node.step.after)
    width = max(node.column for node in nodes.values()) * _ACROSS + _WIDE + 2 * _EDGE
    height = max(node.row for node in nodes.values()) * _DOWN + _HIGH + 2 * _EDGE
    said = f"{len(nodes)} steps from left to right; the list below says the same"
    boxes = "".join(map(_box, nodes.values()))
    svg = mark_safe(  # noqa: S308  digits, our own classes, and escaped words
        f'<svg class="draw" width="{drawn_width(width)}" viewBox="0 0 {width} {height}" '
        f'role="group" aria-label="{escape(said)}">{edges}{boxes}</svg>'
    )
    return Drawing(svg, tuple(nodes.values()), tuple(roots))


def _edge(first: Node, node: Node) -> str:
    x1, y1 = first.column * _ACROSS + _EDGE + _WIDE, first.row * _DOWN + _EDGE + _HIGH // 2
    x2, y2 = node.column * _ACROSS + _EDGE, node.row * _DOWN + _EDGE + _HIGH // 2
    bend = (x1 + x2) // 2
    return (
        f'<path class="edge" d="M{x1} {y1}C{bend} {y1} {bend} {y2} {x2 - 6} {y2}"/>'
        f'<path class="tip" d="M{x2 - 7} {y2 - 4}v8l7-4z"/>'
    )


def _box(node: Node) -> str:
    x, y = node.column * _ACROSS + _EDGE, node.row * _DOWN + _EDGE
    shown = look(node.status)
    kinds = "node gone" if node.status == "failed" else "node"
    said = f"{node.step.title}, {node.who}: {node.said}"
    return (
        f'<a href="#step-{node.key}" id="node-{node.key}" aria-label="{escape(said)}">'
        f'<rect class="{kinds}" x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="5"/>'
        f"{_title(node.step.title, x + 10, y + 20)}"
        f'<svg class="mark-{shown.tone.value}" x="{x + _WIDE - 21}" y="{y + _HIGH - 22}" '
        f'width="13" height="13" viewBox="0 0 12 12"><use href="#icon-{shown.icon}"/></svg>'
        f'<text x="{x + 10}" y="{y + 56}">{escape(_short(node.who, 28))}</text>'
        f'<text class="sum" x="{x + 10}" y="{y + 73}">{escape(_short(node.said, 30))}</text></a>'
    )


def _title(text: str, x: int, y: int) -> str:
    """In two lines where it is long; the second takes what there is."""
    lines = wrap(text, _LETTERS)
    lines = [*lines[:1], " ".join(lines[1:])] if len(lines) > 1 else lines
    return "".join(
        f'<text class="name" x="{x}" y="{y + 16 * place}">{escape(_short(line, _LETTERS + 4))}'
        "</text>"
        for place, line in enumerate(lines)
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"

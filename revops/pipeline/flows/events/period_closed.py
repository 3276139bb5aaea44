"""What follows when a period closes."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, Kind, Step

FLOW = Flow(
    event="period.closed",
    title="A period closes",
    about="From then on nothing is dated into it.",
    steps=(Step("close", Kind.LINE, "Close it in the calendar"),),
)

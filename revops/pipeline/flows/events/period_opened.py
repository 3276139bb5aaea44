"""What follows when a period opens."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, Kind, Step

FLOW = Flow(
    event="period.opened",
    title="A period opens",
    about="From then on the books take postings of its days.",
    steps=(Step("open", Kind.LINE, "Open it in the calendar"),),
)

"""What follows when revenue is recognised."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, Kind, Step

FLOW = Flow(
    event="revenue.recognised",
    title="Revenue is recognised",
    about="A period's share of a schedule is earned.",
    steps=(Step("recognise", Kind.LINE, "Book the period's share"),),
)

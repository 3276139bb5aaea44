"""What follows when a revenue schedule is made."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, Kind, Step

FLOW = Flow(
    event="revenue_schedule.created",
    title="A revenue schedule is made",
    about="Follows from an invoice line or a change of one.",
    steps=(Step("schedule", Kind.LINE, "Spread the line over its service"),),
)

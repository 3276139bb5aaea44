"""What follows when an opportunity is lost."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="opportunity.lost",
    title="An opportunity is lost",
    about="Kept; nothing else follows.",
    steps=(apply("Keep the opportunity"),),
)

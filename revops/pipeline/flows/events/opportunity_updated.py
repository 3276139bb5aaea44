"""What follows when an opportunity moves on."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="opportunity.updated",
    title="An opportunity moves on",
    about="Kept, so that what is won later is known from its start.",
    steps=(apply("Keep the opportunity"),),
)

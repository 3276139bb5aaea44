"""What follows when a price changes."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="price.updated",
    title="A price changes",
    about="Kept with its first day, so that usage is priced as it was agreed.",
    steps=(apply("Keep the price"),),
)

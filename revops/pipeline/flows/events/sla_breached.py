"""What follows when a promise of service is broken."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="sla.breached",
    title="A promise of service is broken",
    about="Kept with its case, as the ground of a credit.",
    steps=(apply("Keep the breach"),),
)

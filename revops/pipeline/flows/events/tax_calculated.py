"""What follows when tax is calculated."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="tax.calculated",
    title="Tax is calculated",
    about="Kept to compare with what was billed.",
    steps=(apply("Keep the calculation"),),
)

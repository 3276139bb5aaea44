"""What follows when a support case is opened."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="support_case.opened",
    title="A support case is opened",
    about="Shown on the customer's page beside its invoices.",
    steps=(apply("Keep the case"),),
)

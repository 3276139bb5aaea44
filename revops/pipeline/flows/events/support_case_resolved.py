"""What follows when a support case is resolved."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="support_case.resolved",
    title="A support case is resolved",
    about="Shown on the customer's page beside its invoices.",
    steps=(apply("Keep the case"),),
)

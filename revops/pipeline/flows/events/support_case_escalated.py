"""What follows when a support case escalates."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="support_case.escalated",
    title="A support case escalates",
    about="Shown on the customer's page beside its invoices.",
    steps=(apply("Keep the case"),),
)

"""What follows when a customer's health changes."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, tell

FLOW = Flow(
    event="health.changed",
    title="A customer's health changes",
    about="Sales sees how the customer fares.",
    steps=(
        apply("Keep the health"),
        tell("crm.health", "Tell sales how the customer fares"),
    ),
)

"""What follows when a support case is opened."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, tell

FLOW = Flow(
    event="support_case.opened",
    title="A support case is opened",
    about="Shown on the customer's page; the desk sees how its customer's billing stands.",
    steps=(
        apply("Keep the case"),
        tell("support.billing_context", "Show billing beside the ticket"),
    ),
)

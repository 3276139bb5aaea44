"""What follows when a resolved support case is opened again."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, tell

FLOW = Flow(
    event="support_case.reopened",
    title="A support case is opened again",
    about="It stands as open again on the customer's page; rules wait for its next resolution.",
    steps=(
        apply("Keep the case"),
        tell("support.billing_context", "Show billing beside the ticket"),
    ),
)

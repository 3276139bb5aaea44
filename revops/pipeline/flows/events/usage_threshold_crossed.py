"""What follows when usage passes a limit."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, publish, tell

FLOW = Flow(
    event="usage.threshold_crossed",
    title="Usage passes a limit",
    about="Sales and customer success hear of it while there is time to talk.",
    steps=(
        apply("Keep where usage stands"),
        tell("crm.health", "Tell sales how the customer fares"),
        tell("success.entitlements", "Tell customer success what may be used"),
        publish(),
    ),
)

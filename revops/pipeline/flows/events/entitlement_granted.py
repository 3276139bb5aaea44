"""What follows when an entitlement is granted."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, publish, tell

FLOW = Flow(
    event="entitlement.granted",
    title="An entitlement is granted",
    about="Customer success sees what the customer may use.",
    steps=(
        apply("Keep the entitlement"),
        tell("success.entitlements", "Tell customer success what may be used"),
        publish(),
    ),
)

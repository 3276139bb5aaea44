"""What follows when an entitlement is revoked."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, publish, tell

FLOW = Flow(
    event="entitlement.revoked",
    title="An entitlement is revoked",
    about="Customer success sees what the customer may use.",
    steps=(
        apply("Keep the entitlement"),
        tell("success.entitlements", "Tell customer success what may be used"),
        publish(),
    ),
)

"""What follows when a subscription moves to a dearer plan."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, publish, tell

FLOW = Flow(
    event="subscription.upgraded",
    title="A subscription moves to a dearer plan",
    about="No journal: revenue follows the invoice. Sales and customer success see it at once.",
    steps=(
        apply("Keep the subscription"),
        tell("crm.renewal_value", "Tell sales what a renewal is worth"),
        tell("success.entitlements", "Tell customer success what may be used"),
        tell("success.customer", "Tell customer success who the customer is"),
        publish(),
    ),
)

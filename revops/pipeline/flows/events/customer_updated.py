"""What follows when a customer changes."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, publish, tell

FLOW = Flow(
    event="customer.updated",
    title="A customer changes",
    about="A change by the system that owns it reaches the others; nobody else's change does.",
    steps=(
        apply("Keep the customer, and know it again"),
        tell("crm.customer_link", "Link the account with billing"),
        tell("success.customer", "Tell customer success who the customer is"),
        publish(),
    ),
)

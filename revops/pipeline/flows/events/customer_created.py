"""What follows when a customer appears."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, publish, tell

FLOW = Flow(
    event="customer.created",
    title="A customer appears",
    about="Every system that cares for customers learns of it, and how it belongs to others.",
    steps=(
        apply("Keep the customer, and know it again"),
        tell("crm.customer_link", "Link the account with billing"),
        tell("success.customer", "Tell customer success who the customer is"),
        publish(),
    ),
)

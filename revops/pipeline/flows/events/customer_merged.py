"""What follows when two customers become one."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, publish, tell

FLOW = Flow(
    event="customer.merged",
    title="Two customers become one",
    about="The survivor keeps every journal and every id of both.",
    steps=(
        apply("Join the customers"),
        tell("crm.customer_link", "Link the account with billing"),
        tell("success.customer", "Tell customer success who the customer is"),
        publish(),
    ),
)

"""What follows when a contract is renewed."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, check, publish, tell

FLOW = Flow(
    event="contract.renewed",
    title="A contract is renewed",
    about="Sales sees the renewal's value, customer success the term.",
    steps=(
        apply("Keep the contract"),
        check("terms", "Its term and its value are known"),
        tell("crm.renewal_value", "Tell sales what a renewal is worth", after=("terms",)),
        tell("success.customer", "Tell customer success who the customer is", after=("terms",)),
        publish(),
    ),
)

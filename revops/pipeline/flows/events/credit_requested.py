"""What follows when a credit is requested."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, tell

FLOW = Flow(
    event="credit.requested",
    title="A credit is requested",
    about="No journal before it is issued. Customer success knows what was promised.",
    steps=(
        apply("Keep the request"),
        tell("support.credit_state", "Show the stage on the ticket"),
        tell("success.payment_signal", "Tell customer success about the money"),
    ),
)

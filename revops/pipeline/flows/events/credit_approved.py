"""What follows when a credit is approved."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, tell

FLOW = Flow(
    event="credit.approved",
    title="A credit is approved",
    about="No journal before it is issued. Customer success knows what was promised.",
    steps=(
        apply("Keep the request"),
        tell("success.payment_signal", "Tell customer success about the money"),
    ),
)

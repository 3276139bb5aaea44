"""What follows when the bank sends a refund back."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, tell

FLOW = Flow(
    event="refund.returned",
    title="A refund comes back",
    about="The customer is owed it again in the books; then customer success sees it.",
    steps=(
        apply("Keep that it came back"),
        *books(),
        tell("success.payment_signal", "Tell customer success about the money", after=("post",)),
    ),
)

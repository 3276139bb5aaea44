"""What follows when a quote is accepted."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="quote.accepted",
    title="A quote is accepted",
    about="Kept beside its opportunity, to compare with what is billed.",
    steps=(apply("Keep the quote"),),
)

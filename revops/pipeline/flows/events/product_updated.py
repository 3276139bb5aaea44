"""What follows when a product changes."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="product.updated",
    title="A product changes",
    about="Kept for prices, entitlements and reports.",
    steps=(apply("Keep the product"),),
)

"""What follows when tax is paid to its authority."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books

FLOW = Flow(
    event="tax.remitted",
    title="Tax is paid to its authority",
    about="The liability is settled in the books.",
    steps=(
        apply("Keep the payment of tax"),
        *books(),
    ),
)

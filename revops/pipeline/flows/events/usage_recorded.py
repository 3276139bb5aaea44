"""What follows when usage is recorded."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="usage.recorded",
    title="Usage is recorded",
    about="Stored once and counted; no other system ever sees a single record.",
    steps=(apply("Store the record once"),),
)

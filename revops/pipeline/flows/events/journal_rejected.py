"""What follows when an ERP refuses a journal."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, Kind, Step

FLOW = Flow(
    event="journal.rejected",
    title="An ERP refuses a journal",
    about="A case is opened; the money stays visible until it is posted.",
    steps=(Step("case", Kind.LINE, "Open a case"),),
)

"""What follows when an ERP holds a journal."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, Kind, Step

FLOW = Flow(
    event="journal.posted",
    title="An ERP holds a journal",
    about="Its number becomes a reference; steps that waited for it go on.",
    steps=(Step("proof", Kind.LINE, "Keep the ERP's number"),),
)

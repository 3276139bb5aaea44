"""What follows when a journal is undone."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, Kind, Step

FLOW = Flow(
    event="journal.reversed",
    title="A journal is undone",
    about="The first one stands; a second one mirrors it.",
    steps=(Step("mirror", Kind.LINE, "Make the mirror"),),
)

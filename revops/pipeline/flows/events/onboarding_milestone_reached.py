"""What follows when onboarding reaches a milestone."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply

FLOW = Flow(
    event="onboarding.milestone_reached",
    title="Onboarding reaches a milestone",
    about="Shown on the customer's page.",
    steps=(apply("Keep the milestone"),),
)

"""What follows when a renewal is forecast."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, tell

FLOW = Flow(
    event="renewal.forecast_updated",
    title="A renewal is forecast",
    about="Sales sees what the renewal is worth, and how likely it is.",
    steps=(
        apply("Keep the forecast"),
        tell("crm.renewal_value", "Tell sales what a renewal is worth"),
    ),
)

"""Every flow by its event; found by its file, so that none can be forgotten or told twice."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

from revops.contracts.registry import CONTRACTS
from revops.pipeline.flows.base import Flow

EVENTS: Final = Path(__file__).with_name("events")


@cache
def flows() -> Mapping[str, Flow]:
    """Every flow by its event's type, in the order of the published contracts."""
    found: dict[str, Flow] = {}
    for path in sorted(EVENTS.glob("*.py")):
        if path.stem == "__init__":
            continue
        flow: Flow = import_module(f"revops.pipeline.flows.events.{path.stem}").FLOW
        if flow.event.replace(".", "_") != path.stem:
            raise ValueError(f"{path.name} holds the flow of {flow.event}.")
        found[flow.event] = flow
    order = list(dict.fromkeys(event_type(contract) for contract in CONTRACTS))
    ranked = sorted(found.values(), key=lambda flow: _place(order, flow.event))
    return MappingProxyType({flow.event: flow for flow in ranked})


def event_type(contract: str) -> str:
    """``invoice.issued/1`` is an ``invoice.issued``, whatever its version."""
    return contract.partition("/")[0]


def flow_of(contract: str) -> Flow | None:
    return flows().get(event_type(contract))


def _place(order: list[str], event: str) -> int:
    return order.index(event) if event in order else len(order)

"""The table of docs/flows.md, made from the flows themselves; a test holds the page to it."""

from __future__ import annotations

from typing import Final

from connectors import registry
from revops.contracts.registry import CONTRACTS, PRODUCED_HERE
from revops.pipeline.flows.base import Flow, Kind
from revops.pipeline.flows.capabilities import CAPABILITIES, systems
from revops.pipeline.flows.catalogue import event_type, flows

MADE_BY: Final = "made by revops/pipeline/flows/document.py"
_HEAD: Final = "| Event | Told by | Checks | Then asks or tells | Kept |\n|---|---|---|---|---|\n"


def producers(event: str) -> tuple[str, ...]:
    """Who tells of an event: connectors that emit it, or this console."""
    contracts = [contract for contract in CONTRACTS if event_type(contract) == event]
    if any(contract in PRODUCED_HERE for contract in contracts):
        return ("this console",)
    return tuple(
        manifest.label
        for manifest in registry.all_manifests().values()
        if set(contracts) & set(manifest.emits)
    )


def table() -> str:
    """One line for each flow, in the order of the contracts."""
    return _HEAD + "".join(_line(flow) for flow in flows().values())


def asked() -> str:
    """One line for each capability, and who can do it."""
    lines = [
        f"| `{kind}` | {one.title} | {', '.join(systems(kind)) or one.absent} | "
        f"{'newest state' if one.latest else 'made once'} |\n"
        for kind, one in CAPABILITIES.items()
    ]
    return "| Capability | What | Who | Which |\n|---|---|---|---|\n" + "".join(lines)


def _line(flow: Flow) -> str:
    told = ", ".join(producers(flow.event)) or "the API"
    checks = ", ".join(step.name for step in flow.checks) or "—"
    commands = [
        f"`{step.capability}`{' after the posting' if 'post' in step.after else ''}"
        for step in flow.commands
    ]
    books = ["journal"] if any(step.name == "post" for step in flow.steps) else []
    alone = [step.title for step in flow.steps if step.kind is Kind.LINE]
    then = ", ".join([*books, *commands]) or alone[0].lower()
    return f"| `{flow.event}` | {told} | {checks} | {then} | {'run' if flow.kept else 'event'} |\n"

"""Every system that can be connected, by what it does in the company."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors import registry
from connectors.manifest import Capability, Manifest
from connectors.models import Connection, ConnectionState

ROLES: Final = {
    "crm": ("Sales", "What was sold and to whom; it is told how invoices stand."),
    "billing": ("Billing and payments", "Subscriptions, invoices, payments and payouts."),
    "tax": ("Tax", "Tax is worked out and committed there."),
    "erp": ("Ledger", "Postings are kept there."),
    "usage": ("Product usage", "What customers used, record by record."),
    "support": ("Support", "Cases of customers; it is told of credits."),
    "success": ("Customer success", "Health and milestones; it is told of entitlements."),
    "warehouse": ("Warehouse", "Facts are loaded there."),
    "bank": ("Bank", "Statements, to compare."),
    "people": ("People", "Who has to know is told there."),
}
_PEOPLE: Final = frozenset({"mail", "chat"})
_OTHER: Final = ("Anything else", "Events to subscribers, and systems described by settings.")


@dataclass(frozen=True, slots=True)
class System:
    """A connector that is installed. ``connected`` counts connections that are not retired."""

    manifest: Manifest
    connected: int

    @property
    def does(self) -> str:
        """“tells events, takes postings, lists what it holds”."""
        manifest = self.manifest
        words = {
            "tells what happened": manifest.can(Capability.EVENTS) or bool(manifest.emits),
            "takes what we send": manifest.can(Capability.COMMANDS),
            "sends usage": manifest.can(Capability.USAGE),
            "lists what it holds": bool(manifest.lists),
        }
        return ", ".join(word for word, does in words.items() if does)


def groups() -> list[tuple[str, str, Sequence[System]]]:
    """(title, what such systems do, systems) in the order of the business."""
    held: dict[str, int] = {}
    for connector in Connection.objects.exclude(state=ConnectionState.RETIRED).values_list(
        "connector", flat=True
    ):
        held[connector] = held.get(connector, 0) + 1
    found: dict[str, list[System]] = {role: [] for role in (*ROLES, "")}
    for slug, manifest in registry.all_manifests().items():
        role = "people" if manifest.role in _PEOPLE else manifest.role
        role = role if role in ROLES else ""
        found[role].append(System(manifest, held.get(slug, 0)))
    return [
        (*ROLES.get(role, _OTHER), sorted(systems, key=lambda one: one.manifest.label))
        for role, systems in found.items()
        if systems
    ]

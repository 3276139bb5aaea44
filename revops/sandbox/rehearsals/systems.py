"""
Which systems take part in rehearsals: those of the demo's connections that lead to a sandbox of
this machine, by the role of their connectors. One that is connected later takes part by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors import registry
from connectors.manifest import Capability, Manifest
from connectors.models import Connection
from revops.sandbox.rehearsals import doors
from revops.sandbox.rehearsals.catalogue import BILLING, BOOKS, OTHERS, Drill

_ROLES: Final = {"billing": BILLING, "erp": BOOKS}


@dataclass(frozen=True, slots=True)
class System:
    """A connection whose sandbox may be broken; ``party`` is what drills call its role."""

    id: int
    slug: str
    label: str
    manifest: Manifest

    @property
    def party(self) -> str:
        return _ROLES.get(self.manifest.role, OTHERS)

    @property
    def tells(self) -> bool:
        """Whether it can be asked what is new."""
        return self.manifest.can(Capability.EVENTS)


@dataclass(frozen=True, slots=True)
class Strike:
    """What a drill switches on in a system's sandbox."""

    system: System
    faults: Mapping[str, Any]

    @property
    def counted(self) -> Mapping[str, int]:
        """Faults that strike a number of times, with that number."""
        return {
            name: value["times"] for name, value in self.faults.items()
            if isinstance(value, Mapping) and "times" in value
        }  # fmt: skip

    @property
    def mended(self) -> Mapping[str, Any]:
        """What switches its faults off, and no others."""
        return dict.fromkeys(self.faults, False)


def all_of(*parties: str) -> list[System]:
    """Those of the parties, of every party when none is named."""
    rows = Connection.objects.exclude(control_url="").order_by("pk")
    found = [
        System(row.pk, row.slug, row.label, registry.manifest(row.connector))
        for row in rows
        if not doors.why_not([row.slug])
    ]
    return [one for one in found if not parties or one.party in parties]


def strikes(drill: Drill, among: Sequence[System] | None = None) -> list[Strike]:
    """What the drill breaks: of its parties, those whose manifests have one of its switches."""
    known = all_of() if among is None else among
    found = [Strike(one, drill.faults(one.manifest)) for one in known if one.party in drill.parties]
    return [one for one in found if one.faults]

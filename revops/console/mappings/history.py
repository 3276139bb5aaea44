"""How a map came to be: every version of the maps that was made for it, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from revops.mappings.kinds import MapKind
from revops.mappings.models import ChangeRow, ChangeSet, MappingVersion

MOST: Final = 500
_ROWS: Final = 6


@dataclass(frozen=True, slots=True)
class Step:
    """A version with the set that made it, if one did, and the first of its rows."""

    version: MappingVersion
    made: ChangeSet | None
    rows: Sequence[ChangeRow]
    more: int


def history_of(kind: MapKind) -> list[Step]:
    """
    Versions by sets of this kind, and those that no set made (the first maps, an operation's), of
    which only their note tells. Three queries.
    """
    versions = list(
        MappingVersion.objects.filter(Q(sets=None) | Q(sets__kind=kind.slug)).order_by("-pk")[:MOST]
    )
    made = {
        one.version_id: one
        for one in ChangeSet.objects.filter(version__in=versions).select_related("made_by")
    }
    rows: dict[int, list[ChangeRow]] = {}
    sets = [one.pk for one in made.values()]
    for row in ChangeRow.objects.filter(change_set__in=sets).order_by("change_set", "position"):
        rows.setdefault(row.change_set_id, []).append(row)
    found = []
    for version in versions:
        held = made.get(version.pk)
        of_it = rows.get(held.pk, []) if held else []
        found.append(Step(version, held, of_it[:_ROWS], max(0, len(of_it) - _ROWS)))
    return found

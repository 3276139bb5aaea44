"""What the find box finds."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.urls import reverse
from pydantic import BaseModel

from revops.api.shapes.holds import Personal
from revops.lineage.queries.find import Checked, Match


class MatchOut(BaseModel):
    """One thing with that id; ``why`` says what matched, ``address`` is where to read on."""

    kind: str
    id: int
    name: Personal
    system: str
    why: str
    address: str

    @classmethod
    def of(cls, match: Match) -> Self:
        if match.kind == "case":
            address = reverse("api:case", args=[match.name])
        else:
            address = reverse("api:lineage", args=[match.kind, match.id])
        return cls(
            kind=match.kind,
            id=match.id,
            name=match.name,
            system=match.system,
            why=match.why,
            address=address,
        )


class CheckedOut(BaseModel):
    """A system whose ids were looked through, and when it last told us something."""

    system: str
    heard_at: datetime | None

    @classmethod
    def of(cls, checked: Checked) -> Self:
        return cls(system=checked.label, heard_at=checked.heard_at)


class FoundOut(BaseModel):
    """The most telling match first; ``checked`` is filled when there is none."""

    q: str
    matches: list[MatchOut]
    checked: list[CheckedOut]

"""What became of raw usage, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from revops.pipeline.metering.door import NAMED, Taken
from revops.usage.operations.intake import Fate


class UsageProblemOut(BaseModel):
    """A record that was not taken: its place in what was sent (from 0), its id, and why."""

    index: int
    id: str
    status: Literal["conflict", "refused"]
    problem: str


class UsageOut(BaseModel):
    """How many records were stored, had been stored before, came differently, or were refused."""

    accepted: int
    duplicates: int
    conflicts: int
    refused: int
    problems: Annotated[
        list[UsageProblemOut], Field(description=f"The first {NAMED}; all of them are kept.")
    ]

    @classmethod
    def of(cls, taken: Taken) -> UsageOut:
        return cls(
            accepted=taken.counts[Fate.ACCEPTED],
            duplicates=taken.counts[Fate.DUPLICATE],
            conflicts=taken.counts[Fate.CONFLICT],
            refused=taken.counts[Fate.REFUSED],
            problems=[
                UsageProblemOut(
                    index=one.index,
                    id=one.id,
                    status="conflict" if one.status is Fate.CONFLICT else "refused",
                    problem=one.sentence,
                )
                for one in taken.problems
            ],
        )

    @property
    def status(self) -> int:
        if self.conflicts or self.refused:
            return 207
        return 202 if self.accepted else 200

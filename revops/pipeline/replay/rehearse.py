"""
The dry run: what stored events would come to if they went through the line again now.

It is ``whatif`` read for a person who is about to replay: every event is in one of five piles.
Nothing is written, nobody is asked.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from revops.canonical.operations.change import Effect
from revops.pipeline.whatif import Answer, Imagined, Leg, imagine


class Pile(enum.StrEnum):
    """
    CREATE: a new record or a new entry. UPDATE: a record changes. SKIP: all of it is there already,
    or it never changes anything. WAIT: it waits for another record. FAIL: a case.
    """

    CREATE = "create"
    UPDATE = "update"
    SKIP = "skip"
    WAIT = "wait"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class DryRun:
    """``piles`` by event id; ``left_out`` counts what was more than one look takes."""

    imagined: Imagined
    piles: dict[int, Pile]

    @property
    def looked_at(self) -> int:
        return len(self.piles)

    @property
    def left_out(self) -> int:
        return self.imagined.left_out

    @property
    def counts(self) -> dict[Pile, int]:
        """Every pile with its number, also those that are empty."""
        found = Counter(self.piles.values())
        return {pile: found[pile] for pile in Pile}

    @property
    def fails(self) -> list[tuple[str, str, int]]:
        """(kind, cause in words, how many) of what would not go through, most first."""
        return [(kind, cause, count) for (kind, cause), count in self.imagined.fails.items()]

    @property
    def journals(self) -> Sequence[tuple[Leg, int]]:
        return self.imagined.journals


def dry_run(ids: Iterable[int]) -> DryRun:
    """The piles of the first events of ``ids``, as many as one look takes (``whatif.MOST``)."""
    found = imagine(ids)
    return DryRun(found, {one.inbound_id: _pile(one) for one in found.answers})


def sentence_of(pile: Pile, answer: Answer) -> str:
    """What the replay of one event comes to, in words."""
    match pile:
        case Pile.CREATE:
            return "booked, with new entries" if answer.legs else "a new record"
        case Pile.UPDATE:
            return "the record changes"
        case Pile.SKIP:
            return "nothing: all of it is there already"
        case _:
            return answer.sentence or answer.cause


def _pile(answer: Answer) -> Pile:
    if not answer.clears:
        return Pile.WAIT if answer.kind == "dependency_overdue" else Pile.FAIL
    # A quarantined event has left its record, and its entries are what it lacks.
    if answer.legs or Effect.CREATED in answer.effects:
        return Pile.CREATE
    return Pile.UPDATE if Effect.CHANGED in answer.effects else Pile.SKIP

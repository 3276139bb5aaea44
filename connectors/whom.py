"""
Whom postings name, as an ERP knows them: looked for under all ids of a customer before one is made.

The ERP may have been told of a customer by ``customer.upsert`` before billing knew it, so under the
id of the console or of the CRM, and not every ERP has a field for further ids. The id that a
posting itself names counts before all others; the others count only where that one is not there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors.commands import Unfit
from connectors.customers import several
from connectors.postings import Line
from connectors.sending import Job

H = TypeVar("H", bound=Hashable)
J = TypeVar("J", bound=Job)


@dataclass(frozen=True, slots=True)
class Named:
    """
    A customer by the id that a posting names, and by ``others``, which are the same customer;
    ``country`` where it is known.
    """

    id: str
    name: str
    others: tuple[str, ...] = ()
    country: str = ""


@dataclass(frozen=True, slots=True)
class Whom(Generic[H]):
    """
    By the id that postings name: ``held``, what the ERP calls it; ``lacking``, the id to make it
    under, which those that are one share; ``doubtful``, why nobody can tell which one it is.
    """

    held: Mapping[str, H]
    lacking: Mapping[str, str]
    doubtful: Mapping[str, Unfit]

    @property
    def to_make(self) -> list[str]:
        return list(dict.fromkeys(self.lacking.values()))

    def with_made(self, made: Mapping[str, H]) -> dict[str, H]:
        """All but the doubtful ones, once those ``to_make`` are made."""
        return {**self.held, **{one: made[under] for one, under in self.lacking.items()}}


def named(lines: Iterable[Line]) -> dict[str, Named]:
    """The customers of lines; of one that several name, all the ids that any of them knows."""
    found: dict[str, Named] = {}
    for line in lines:
        before = found[line.customer].others if line.customer in found else ()
        others = tuple(dict.fromkeys((*before, *line.customer_others)))
        found[line.customer] = Named(
            line.customer, line.customer_name, others, line.customer_country
        )
    return found


async def known(
    system: str,
    called: str,
    wanted: Mapping[str, Named],
    look: Callable[[Sequence[str]], Awaitable[Mapping[str, H]]],
) -> Whom[H]:
    """
    ``look`` says what the ERP calls those of our ids that it knows. It is asked for further ids
    only where a customer is not there under its own. Raises what it raises.
    """
    found = dict(await look(list(wanted)))
    absent = [one for one in wanted.values() if one.id not in found]
    others = dict.fromkeys(other for one in absent for other in one.others)
    if further := [other for other in others if other not in wanted]:
        found |= await look(further)
    held = {one: found[one] for one in wanted if one in found}
    lacking: dict[str, str] = {}
    doubtful: dict[str, Unfit] = {}
    makers: list[Named] = []
    for one in absent:
        theirs = {found[other] for other in one.others if other in found}
        if len(theirs) > 1:
            doubtful[one.id] = several(system, called, [str(name) for name in theirs])
        elif theirs:
            held[one.id] = theirs.pop()
        else:
            maker = next((maker for maker in makers if _same(maker, one)), None)
            if maker is None:
                makers.append(one)
            lacking[one.id] = maker.id if maker else one.id
    return Whom(held, lacking, doubtful)


def _same(one: Named, other: Named) -> bool:
    return not {one.id, *one.others}.isdisjoint((other.id, *other.others))


def refuse(
    jobs: Iterable[J], doubtful: Mapping[str, Unfit], lines: Callable[[J], Iterable[Line]]
) -> None:
    """End the postings whose ``lines`` name one of several customers of the ERP."""
    for job in jobs:
        unfit = next(
            (doubtful[line.customer] for line in lines(job) if line.customer in doubtful), None
        )
        if unfit is not None:
            job.refuse(unfit)

"""
A guided tour of the demo: steps that let something happen in a sandbox, and look for what the
console made of it. Tests walk the same steps as people do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import httpx

from connectors.models import Connection
from revops.pipeline import fetch, sources

# What is known on the way: ids of the systems and of our records, by the names steps give them.
Facts = Mapping[str, Any]

_PATIENCE_S: Final = 30.0


class NotPossible(RuntimeError):
    """The sandbox did not do it; the text says why, for the person on the tour."""


@dataclass(frozen=True, slots=True)
class Act:
    """
    A scenario of a connection's sandbox. ``values`` makes its arguments from what is known,
    ``keeps`` takes what later steps need from the sandbox's answer.
    """

    connection: str
    scenario: str
    values: Callable[[Facts], Mapping[str, Any]]
    keeps: Callable[[Mapping[str, Any]], Facts]

    def play(self, facts: Facts, *, by: str) -> Facts:
        """Let it happen, over HTTP. What is to be kept. Raises NotPossible."""
        connection = Connection.objects.filter(slug=self.connection).exclude(control_url="").first()
        if connection is None:
            raise NotPossible(f"There is no sandbox of {self.connection} here.")
        door = f"{connection.control_url}/_control/scenario/{quote(self.scenario, safe='')}"
        try:
            answer = httpx.post(
                door, json=dict(self.values(facts)), timeout=_PATIENCE_S, trust_env=False
            )
            said = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotPossible(f"The sandbox of {connection} does not answer.") from error
        if answer.status_code != 200:
            raise NotPossible(f"The sandbox of {connection} says: {said.get('problem', said)}")
        # Somebody waits for it: the system is asked now, and not when it would be its turn.
        fetch.ask_soon(sources.by_slug(self.connection))
        return self.keeps(said)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a person does in the console: ``do`` gets what is known and who does it."""

    do: Callable[[Facts, str], Facts]

    def play(self, facts: Facts, *, by: str) -> Facts:
        """What is to be kept. Raises NotPossible."""
        return self.do(facts, by)


@dataclass(frozen=True, slots=True)
class Acts:
    """Several, one after the other; each knows what those before it kept."""

    parts: Sequence[Act | Deed]

    def play(self, facts: Facts, *, by: str) -> Facts:
        """What is to be kept of all. Raises NotPossible."""
        kept: dict[str, Any] = {}
        for part in self.parts:
            kept |= part.play({**facts, **kept}, by=by)
        return kept


@dataclass(frozen=True, slots=True)
class Step:
    """
    ``words``: what happens and what to look at. ``found`` asks our records whether the console has
    got there: what is known then, or None while it has not. ``look``: the address to look at.
    ``act`` is None for a step that the console takes by itself.
    """

    slug: str
    title: str
    words: str
    found: Callable[[Facts], Facts | None]
    look: Callable[[Facts], str]
    act: Act | Deed | Acts | None = None

    @property
    def mark(self) -> str:
        """The fact that says that its act was played."""
        return f"did_{self.slug}"


@dataclass(frozen=True, slots=True)
class Tour:
    slug: str
    title: str
    about: str
    steps: Sequence[Step]

    def step(self, slug: str) -> Step:
        """Raises LookupError."""
        for one in self.steps:
            if one.slug == slug:
                return one
        raise LookupError(f"{self.title} has no step “{slug}”.")


@dataclass(frozen=True, slots=True)
class Stop:
    """A step on the way: done, the one whose turn it is, or still ahead."""

    step: Step
    number: int
    state: str
    address: str = ""

    @property
    def can_act(self) -> bool:
        return self.state == "next" and self.step.act is not None


@dataclass(frozen=True, slots=True)
class Walk:
    """Where somebody is on a tour, and all that is known there."""

    stops: Sequence[Stop]
    facts: Facts = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return all(stop.state == "done" for stop in self.stops)


def walk(tour: Tour, kept: Facts) -> Walk:
    """
    How far the console has got, from what acts gave. States: ``done``, ``next`` (it is one's turn),
    ``waiting`` (played, and the console has not got there), ``ahead``.
    """
    known: dict[str, Any] = dict(kept)
    stops: list[Stop] = []
    here = True
    for number, step in enumerate(tour.steps, 1):
        if not here:
            stops.append(Stop(step, number, "ahead"))
            continue
        if step.act is not None and not known.get(step.mark):
            stops.append(Stop(step, number, "next"))
            here = False
            continue
        found = step.found(known)
        if found is None:
            stops.append(Stop(step, number, "waiting"))
            here = False
            continue
        known.update(found)
        stops.append(Stop(step, number, "done", step.look(known)))
    return Walk(stops, known)


def play(tour: Tour, slug: str, kept: Facts, *, by: str = "") -> Facts:
    """
    Play a step whose turn it is, as the person ``by``. All that is kept then. Raises LookupError
    for an unknown step, NotPossible when it is not its turn or the sandbox says no.
    """
    step = tour.step(slug)
    so_far = walk(tour, kept)
    stop = next(one for one in so_far.stops if one.step == step)
    if not stop.can_act or step.act is None:
        raise NotPossible("This step was done, or another one comes first.")
    return {**kept, **step.act.play(so_far.facts, by=by), step.mark: 1}

"""Runs variants over seeds on several processes, and sums up what they showed."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from revops.delivery.simulation.oracle import Verdict
from revops.delivery.simulation.variants import VARIANTS, Variant
from revops.delivery.simulation.world import World

EVENTS: Final = 120
# A control has shown what it is there for after a few runs.
CONTROL_SEEDS: Final = 20
HARMS: Final = ("lost", "duplicated", "wrong", "false_posted", "stuck")

_BY_LETTER: Final = {variant.letter: variant for variant in VARIANTS}


@dataclass(frozen=True, slots=True)
class Run:
    letter: str
    seed: int
    verdict: Verdict
    faults: Counter[str]


@dataclass(slots=True)
class Summary:
    """One variant over its seeds. ``breaches``: invariants broken, by name."""

    variant: Variant
    events: int = 0
    runs: int = 0
    harms: Counter[str] = field(default_factory=Counter)
    breaches: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    bad_seeds: list[int] = field(default_factory=list)

    def add(self, run: Run, events: int) -> None:
        self.runs += 1
        self.events += events
        for harm in HARMS:
            self.harms[harm] += getattr(run.verdict, harm)
        self.breaches.update(run.verdict.breaches)
        self.faults.update(run.faults)
        if run.verdict.bad:
            self.bad_seeds.append(run.seed)

    @property
    def passed(self) -> bool:
        """A full design did no harm; a control did what it is there to show."""
        if not self.variant.control:
            return not self.bad_seeds
        shown = {*(harm for harm in HARMS if self.harms[harm])}
        if self.breaches:
            shown.add("breaches")
        return shown.issuperset(self.variant.shows)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.variant.letter,
            "title": self.variant.name,
            "control": self.variant.control,
            "seeds": self.runs,
            "events": self.events,
            **{harm: self.harms[harm] for harm in HARMS},
            "breaches": dict(sorted(self.breaches.items())),
            "bad_runs": len(self.bad_seeds),
            "first_bad_seed": min(self.bad_seeds, default=None),
            "shows": list(self.variant.shows),
            "passed": self.passed,
            "faults": dict(sorted(self.faults.items())),
        }


def simulate(letter: str, seed: int, events: int = EVENTS) -> Run:
    """One run. Raises KeyError for a letter that no variant has."""
    world = World(_BY_LETTER[letter].plan, seed=seed, events=events)
    return Run(letter, seed, world.run(), world.weather.counts)


def simulate_all(
    *,
    seeds: int,
    only: Collection[str] = (),
    events: int = EVENTS,
    processes: int = 2,
    told: Callable[[Summary], None] = lambda summary: None,
) -> list[Summary]:
    """
    Full designs over ``seeds`` seeds, controls over CONTROL_SEEDS; ``only`` picks letters.
    ``told`` hears of each variant when its runs are over.
    """
    summaries = [Summary(variant) for variant in VARIANTS if not only or variant.letter in only]
    orders = [
        (summary.variant.letter, seed, events)
        for summary in summaries
        for seed in range(CONTROL_SEEDS if summary.variant.control else seeds)
    ]
    place = {summary.variant.letter: summary for summary in summaries}
    expected = Counter(letter for letter, _, _ in orders)
    for run in _runs(orders, processes):
        summary = place[run.letter]
        summary.add(run, events)
        if summary.runs == expected[run.letter]:
            told(summary)
    return summaries


def _runs(orders: list[tuple[str, int, int]], processes: int) -> Iterable[Run]:
    if processes == 1:
        yield from map(_one, orders)
        return
    # Spawned, so that nothing of the caller (sockets, threads, locks) is copied along.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from pool.map(_one, orders, chunksize=5)


def _one(order: tuple[str, int, int]) -> Run:
    return simulate(*order)

"""The designs that must do no harm, and the controls that must."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from revops.delivery.simulation import controls
from revops.delivery.simulation.protocol import SEND_BUDGET, Protocol
from revops.delivery.simulation.target import CLIENT_TIMEOUT, SERVER_MAX, Nature
from revops.delivery.simulation.world import Plan

SKEW: Final = 5.0
SETTLE: Final = SEND_BUDGET + CLIENT_TIMEOUT + SERVER_MAX + SKEW
LAG: Final = 120.0

UNIQUE: Final = Nature(unique=True)
OPEN: Final = Nature()


@dataclass(frozen=True, slots=True)
class Variant:
    """``shows``: the harm that a control is there to show; empty for a full design."""

    letter: str
    name: str
    plan: Plan
    shows: tuple[str, ...] = ()

    @property
    def control(self) -> bool:
        return bool(self.shows)


def _full(letter: str, name: str, nature: Nature, settle: float = SETTLE) -> Variant:
    return Variant(letter, name, Plan(Protocol, nature, settle))


def _control(
    letter: str,
    name: str,
    protocol: type[Protocol],
    *shows: str,
    nature: Nature = OPEN,
    settle: float = SETTLE,
) -> Variant:
    return Variant(letter, name, Plan(protocol, nature, settle), shows)


VARIANTS: Final = (
    _full("A", "Full design, target refuses a second document with our key", UNIQUE),
    _full("B", "Full design, target can only be asked", OPEN),
    _control("C", "B without send deadline", controls.NoDeadline, "duplicated"),
    _control("D", "B without settle window", Protocol, "duplicated", settle=0),
    _control("E", "B without asking before a retry", controls.NoReadBeforeRetry, "duplicated"),
    _control("F", "B without write-ahead intent", controls.NoIntent, "duplicated"),
    _control("G", "B without fence", controls.NoFence, "duplicated"),
    _control("H", "B without lease", controls.NoLease, "duplicated"),
    _control("I", "A without sweeper", controls.NoSweeper, "lost", nature=UNIQUE),
    _control("J", "Plain task queue", controls.Naive, "lost", "duplicated"),
    _control("K", "B, search index lags 120 s, not in the settle window", Protocol, "duplicated",
             nature=Nature(search_lag=LAG)),
    _full("L", "Full design, search index lags 120 s", Nature(search_lag=LAG), SETTLE + LAG),
    _control("M", "Plain task queue, target refuses a second document", controls.Naive, "lost",
             nature=UNIQUE),
    _control("N", "B, an answer before the end of the settle window is believed",
             controls.EarlyAnswerBelieved, "duplicated"),
    _control("O", "B without gate", controls.NoGate, "breaches"),
    _control("P", "A, “already exists” is believed without comparing",
             controls.AlreadyThereBelieved, "wrong", nature=UNIQUE),
    _control("Q", "B, a good answer that names no document is believed",
             controls.AnswerWithoutProofBelieved, "false_posted"),
    _full("S", "Full design, target drafts and then posts", Nature(drafts=True)),
    _full("W", "Full design, target knows our keys for a while: no settle window", UNIQUE, 0),
)  # fmt: skip

"""
Access tokens between one sign-in and the next: who may use which, and whose turn it is to sign in.

Pure. ``signing_in.token`` is what connectors call. A ``Keeper`` remembers; ``Nearby`` does it for
one client, ``connectors.tokens.Shared`` for all workers of the console.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from connectors.contract import Outcome

# A sign-in takes no longer; who holds the turn for longer has lost it.
LONGEST_S: Final = 25.0
TURN_S: Final = LONGEST_S + 5
# Refused credentials are refused again: all workers together ask that often.
REFUSED_FOR_S: Final = 30.0
# After any other failure, as long as the token in use still holds.
_REST_S: Final = 5.0
# A token is renewed this long before its end, or in its last tenth if that is shorter.
_MARGIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Pass:
    """What a sign-in brought; ``lasts_s`` from the moment it was asked for, None: unknown."""

    token: str = field(repr=False)
    lasts_s: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A sign-in that brought nothing, as ``Problem`` has it."""

    outcome: Outcome
    code: str
    reason: str
    status: int | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """
    All that is known of one way to sign in. Times are seconds of one clock. ``flight`` counts the
    sign-ins that were begun; ``busy_until`` ends the turn of the last one.
    """

    token: str = field(default="", repr=False)
    renew_at: float | None = None
    ends_at: float | None = None
    flight: int = 0
    busy_until: float = 0
    failed_flight: int = 0
    rest_until: float = 0
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Good:
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mine:
    """Who asked signs in now, and says what came of it; ``meanwhile`` still holds if it fails."""

    flight: int
    meanwhile: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody else is signing in."""

    flight: int


@dataclass(frozen=True, slots=True)
class Failed:
    failure: Failure


Turn = Good | Mine | Wait | Failed


class Keeper(Protocol):
    """Remembers by ``place``, a digest of address, parameters and credentials."""

    def near(self, place: str) -> str:
        """A token that this process knows to be good, or “”; asks nobody."""

    async def turn(self, place: str, *, instead_of: str, waited_for: int) -> Turn:
        """``waited_for``: the flight that an earlier answer said to wait for, else 0."""

    async def keep(self, place: str, flight: int, found: Pass, *, took_s: float) -> None: ...

    async def fail(self, place: str, flight: int, failure: Failure) -> None: ...


def decide(standing: Standing, *, now: float, instead_of: str, waited_for: int) -> Turn:
    """Whose turn it is; the keeper stores ``began`` when it is Mine, in the same step."""
    busy, rests = now < standing.busy_until, now < standing.rest_until
    known = standing.token and standing.token != instead_of
    if known and (standing.ends_at is None or now < standing.ends_at):
        if standing.renew_at is None or now < standing.renew_at or busy or rests:
            return Good(standing.token)
        return Mine(standing.flight + 1, standing.token)
    failure = standing.failure
    if failure is not None:
        shared = 0 < waited_for <= standing.failed_flight
        if shared or (rests and failure.outcome is Outcome.AUTH):
            return Failed(failure)
    return Wait(standing.flight) if busy else Mine(standing.flight + 1)


def began(standing: Standing, *, now: float) -> Standing:
    return replace(standing, flight=standing.flight + 1, busy_until=now + TURN_S)


def kept(standing: Standing, found: Pass, *, now: float, took_s: float) -> Standing:
    """After a sign-in; ``now`` is when its answer came."""
    renew_at = ends_at = None
    if found.lasts_s is not None:
        ends_at = now - took_s + found.lasts_s
        renew_at = ends_at - min(_MARGIN_S, found.lasts_s / 10)
    return Standing(found.token, renew_at, ends_at, flight=standing.flight)


def failed(standing: Standing, failure: Failure, *, now: float) -> Standing:
    """A token that still holds is kept; what is refused is not asked for again for a while."""
    refused = failure.outcome is Outcome.AUTH
    return replace(
        standing,
        busy_until=0,
        failed_flight=standing.flight,
        rest_until=now + (REFUSED_FOR_S if refused else _REST_S),
        failure=failure,
    )


class Nearby:
    """A keeper for one client: what is forgotten with it."""

    def __init__(self) -> None:
        self._standing: dict[str, Standing] = {}

    def near(self, place: str) -> str:
        standing = self._standing.get(place, Standing())
        renew_at = standing.renew_at
        return standing.token if renew_at is None or time.monotonic() < renew_at else ""

    def signs_in(self, place: str) -> bool:
        """Whether a turn that was given here is not over."""
        return self._standing.get(place, Standing()).busy_until > 0

    async def turn(self, place: str, *, instead_of: str, waited_for: int) -> Turn:
        standing, now = self._standing.get(place, Standing()), time.monotonic()
        turn = decide(standing, now=now, instead_of=instead_of, waited_for=waited_for)
        if isinstance(turn, Mine):
            self._standing[place] = began(standing, now=now)
        return turn

    async def keep(self, place: str, flight: int, found: Pass, *, took_s: float) -> None:
        now = time.monotonic()
        self._standing[place] = kept(self._standing[place], found, now=now, took_s=took_s)

    async def fail(self, place: str, flight: int, failure: Failure) -> None:
        self._standing[place] = failed(self._standing[place], failure, now=time.monotonic())


class SignIns:
    """A client's sign-ins: its keeper, and those that are under way in its event loop."""

    def __init__(self, keeper: Keeper | None = None) -> None:
        self.keeper: Keeper = keeper or Nearby()
        self.under_way: dict[str, asyncio.Task[str]] = {}

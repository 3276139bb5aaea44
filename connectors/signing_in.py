"""
Signing in with a token that ends: ``token`` gives one that is good, and of all callers, in all
workers, one signs in while the others wait for it.

    async def _call(self, …):
        token = await signing_in.token(self._client, self._settings, fetch=self._sign_in)
        …
        if refused:  # once, never in a loop
            token = await signing_in.token(…, instead_of=token)

    async def _sign_in(self) -> Pass:
        answer = await self._client.call("POST", "/oauth2/token", form=…)
        …
        return Pass(found["access_token"], found["expires_in"])

``fetch`` raises ``Problem`` for what an answer means: AUTH only for credentials that were refused,
because that answer is then given to everybody for half a minute without asking again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Final

from connectors.contract import Outcome, Settings
from connectors.excerpts import unheard
from connectors.http import Client
from connectors.passes import LONGEST_S, TURN_S, Failed, Failure, Good, Mine, Pass, Wait
from connectors.problem import Problem, carried

__all__ = ["Pass", "token"]

Fetch = Callable[[], Awaitable[Pass]]
_FIRST_LOOK_S: Final = 0.02
_LAST_LOOK_S: Final = 0.5


async def token(client: Client, settings: Settings, *, fetch: Fetch, instead_of: str = "") -> str:
    """
    A token for this connection, credentials included: a changed secret never meets an old token.

    ``instead_of``: a token that was refused. Raises Problem: what ``fetch`` raised, here or in
    another worker; NOT_SENT when somebody else's sign-in took too long.
    """
    place = place_of(settings)
    sign_ins = client.sign_ins
    near = sign_ins.keeper.near(place)
    if near and near != instead_of:
        return near
    # Whoever is under way may have begun before this token was refused: then once more.
    for _ in range(2):
        task = sign_ins.under_way.get(place)
        if task is None:
            task = asyncio.create_task(_turn(client, place, fetch, instead_of))
            sign_ins.under_way[place] = task
            task.add_done_callback(lambda done: _over(sign_ins.under_way, place, done))
        # Shielded: a caller that is given up must not take the others' sign-in with it.
        found = await asyncio.shield(task)
        if found != instead_of:
            return found
    raise Problem(Outcome.AUTH, "sign_in", "The sign-in brings a token that is refused.")


def place_of(settings: Settings) -> str:
    """A digest of all that a sign-in can depend on."""
    told = [
        settings.slug,
        settings.base_url,
        {name: str(value) for name, value in settings.parameters.items()},
        dict(settings.secrets),
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


async def _turn(client: Client, place: str, fetch: Fetch, instead_of: str) -> str:
    with unheard():
        return await _taking_turns(client, place, fetch, instead_of)


async def _taking_turns(client: Client, place: str, fetch: Fetch, instead_of: str) -> str:
    keeper = client.sign_ins.keeper
    give_up = time.monotonic() + TURN_S
    if client.send_by is not None:
        give_up = min(give_up, client.send_by)
    waited_for, pause = 0, _FIRST_LOOK_S
    while True:
        turn = await keeper.turn(place, instead_of=instead_of, waited_for=waited_for)
        match turn:
            case Good(found):
                return found
            case Failed(failure):
                raise _problem(failure)
            case Mine(flight, meanwhile):
                try:
                    return await _sign_in(client, place, flight, fetch)
                except Problem:
                    if not meanwhile:
                        raise
                    return meanwhile
            case Wait(flight):
                waited_for = flight
        if time.monotonic() >= give_up:
            raise Problem(
                Outcome.NOT_SENT, "sign_in", "Another worker's sign-in is not answered yet."
            )
        await asyncio.sleep(pause)
        pause = min(pause * 1.6, _LAST_LOOK_S)


async def _sign_in(client: Client, place: str, flight: int, fetch: Fetch) -> str:
    keeper = client.sign_ins.keeper
    began = time.monotonic()
    try:
        with carried(write=False):
            async with asyncio.timeout(LONGEST_S):
                found = await fetch()
    except TimeoutError:
        problem = Problem(Outcome.TRANSIENT, "unanswered", "The sign-in was not answered in time.")
        await keeper.fail(place, flight, _failure(problem))
        raise problem from None
    except BaseException as error:
        # Also when this loop ends: the next one must not wait for a turn that nobody holds.
        await keeper.fail(place, flight, _failure(error))
        raise
    await keeper.keep(place, flight, found, took_s=time.monotonic() - began)
    return found.token


def _failure(error: BaseException) -> Failure:
    if not isinstance(error, Problem):
        return Failure(Outcome.TRANSIENT, "given_up", "The sign-in was given up.")
    return Failure(error.outcome, error.code, error.reason, error.status, error.retry_after)


def _problem(failure: Failure) -> Problem:
    return Problem(
        failure.outcome,
        failure.code,
        failure.reason,
        status=failure.status,
        retry_after=failure.retry_after,
    )


def _over(under_way: dict[str, asyncio.Task[str]], place: str, done: asyncio.Task[str]) -> None:
    if under_way.get(place) is done:
        del under_way[place]
    if not done.cancelled():
        done.exception()  # looked at, so that a failure nobody waited for is not logged as lost

"""Calls to Stripe's list endpoints: authentication, pages, and what an answer means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.contract import CallFailed, Outcome, PayloadUnreadable, ProbeStep, Settings
from connectors.http import Answer, Client, NotSent, Unanswered
from connectors.systems.stripe import wire
from connectors.systems.stripe.wire import Json
from revops.kernel import backoff
from revops.kernel.clock import now

# The last version in which a charge names its invoice; lists are rendered in it whatever the
# account's default is (https://docs.stripe.com/api/versioning).
API_VERSION: Final = "2025-02-24.acacia"
PAGE_SIZE: Final = 100

Query = Sequence[tuple[str, Any]]


async def get(client: Client, settings: Settings, path: str, query: Query = ()) -> Json:
    """The object at ``path``. Raises CallFailed."""
    answer = await _call(client, settings, path, query)
    if answer.status != 200:
        raise _failure(answer)
    return _object(answer)


async def one(client: Client, settings: Settings, path: str, query: Query = ()) -> Json | None:
    """The object at ``path``, None when there is none any more. Raises CallFailed."""
    answer = await _call(client, settings, path, query)
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise _failure(answer)
    found = _object(answer)
    return None if found.get("deleted") is True else found


async def _call(client: Client, settings: Settings, path: str, query: Query) -> Answer:
    try:
        return await client.call("GET", path, params=query, headers=headers(settings))
    except (NotSent, Unanswered) as error:
        raise CallFailed(Outcome.TRANSIENT, error.reason) from error


def _object(answer: Answer) -> Json:
    try:
        found = answer.json()
    except PayloadUnreadable as error:
        raise CallFailed(Outcome.TRANSIENT, f"Stripe's answer is unreadable: {error}") from error
    if not isinstance(found, Mapping):
        raise CallFailed(Outcome.TRANSIENT, "Stripe's answer is no object.")
    return found


async def page(
    client: Client, settings: Settings, path: str, query: Query = (), *, after: str = ""
) -> tuple[Sequence[Json], bool]:
    """One page of a list, newest first, and whether older ones follow. Raises CallFailed."""
    params = [*query, ("limit", PAGE_SIZE)]
    if after:
        params.append(("starting_after", after))
    found = await get(client, settings, path, params)
    rows = members(found)
    return rows, found.get("has_more") is True and bool(rows)


def members(found: Json) -> Sequence[Json]:
    """Of a list or of a search's result. Raises CallFailed when it is neither."""
    if found.get("object") not in ("list", "search_result"):
        raise CallFailed(Outcome.TRANSIENT, "Stripe's answer is no list.")
    try:
        return list(wire.items(found))
    except PayloadUnreadable as error:
        raise CallFailed(Outcome.TRANSIENT, str(error)) from error


async def everything(
    client: Client, settings: Settings, path: str, query: Query = (), *, pages: int
) -> tuple[Sequence[Json], bool]:
    """Up to ``pages`` pages, newest first, and whether more were left. Raises CallFailed."""
    found: list[Json] = []
    more, after = True, ""
    for _ in range(pages):
        rows, more = await page(client, settings, path, query, after=after)
        found += rows
        if not more:
            break
        after = wire.ref(rows[-1])
    return found, more


async def probe(client: Client, settings: Settings) -> Sequence[ProbeStep]:
    """Read-only calls, in words. Never raises for what Stripe or the network can do."""
    steps: list[ProbeStep] = []
    for label, path, reads in (
        ("Sign in and read the balance", "/v1/balance", _balance_in_words),
        ("Read events", "/v1/events?limit=1", _events_in_words),
    ):
        try:
            found = await get(client, settings, path)
        except CallFailed as error:
            return [*steps, ProbeStep(label, passed=False, detail=error.reason)]
        wrong = _of_another_world(found, settings)
        steps.append(ProbeStep(label, passed=not wrong, detail=wrong or reads(found)))
    return steps


def _of_another_world(found: Json, settings: Settings) -> str:
    """Why an object is not of this connection's mode; empty when it is, or does not say."""
    mode = settings.parameters.get("mode") or "any"
    live = found.get("livemode")
    if mode == "any" or not isinstance(live, bool) or live == (mode == "live"):
        return ""
    return f"The key is of {'live' if live else 'test'} mode; this connection is for {mode} mode."


def headers(settings: Settings) -> Mapping[str, str]:
    """
    Raises CallFailed for a key that says that it is of Stripe's other world: nothing is asked of
    that one. Keys that say nothing are told apart by test connection.
    """
    key = settings.secrets.get("api_key", "")
    mode = settings.parameters.get("mode") or "any"
    for other in {"live", "test"} - {mode} if mode != "any" else ():
        if key.startswith((f"sk_{other}_", f"rk_{other}_")):
            raise CallFailed(
                Outcome.AUTH, f"The key is of {other} mode; this connection is for {mode} mode."
            )
    sent = {"Authorization": f"Bearer {key}", "Stripe-Version": API_VERSION}
    if settings.parameters.get("account"):
        sent["Stripe-Account"] = str(settings.parameters["account"])
    return sent


def _failure(answer: Answer) -> CallFailed:
    """https://docs.stripe.com/api/errors and https://docs.stripe.com/rate-limits."""
    reason = reason_of(answer)
    if answer.status in (401, 403):
        return CallFailed(Outcome.AUTH, reason)
    if answer.status == 429:
        wait = backoff.retry_after(answer.headers.get("retry-after"), at=now())
        return CallFailed(Outcome.THROTTLED, reason, retry_after=wait)
    if answer.status >= 500 or answer.status in (408, 409):
        return CallFailed(Outcome.TRANSIENT, reason)
    return CallFailed(Outcome.REFUSED, reason)


def error_of(answer: Answer) -> Json:
    """What Stripe says about a call that it refused; empty when it says nothing readable."""
    try:
        return wire.part(wire.part(answer.json()).get("error"))
    except PayloadUnreadable:
        return {}


def reason_of(answer: Answer) -> str:
    """For people."""
    said = wire.text(error_of(answer).get("message"), 500)
    return (
        f"Stripe answered {answer.status}: {said}" if said else f"Stripe answered {answer.status}."
    )


def _balance_in_words(found: Json) -> str:
    codes = sorted(
        {wire.text(item.get("currency")).upper() for item in wire.items(found.get("available"))}
    )
    mode = "live" if found.get("livemode") else "test"
    return f"Key of {mode} mode; balances in {', '.join(codes) or 'no currency'}."


def _events_in_words(found: Json) -> str:
    newest = next(iter(wire.items(found)), None)
    if newest is None:
        return "No event in the last 30 days."
    moment = wire.instant(newest.get("created"), field="created")
    return f"The newest is {wire.text(newest.get('type'))} of {moment:%Y-%m-%d %H:%M} UTC."

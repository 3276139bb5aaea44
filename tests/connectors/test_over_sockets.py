"""
Every connector over a real socket: its sandbox listens at a port of this machine, and the client
that connectors get in production reaches it there. What its own contract test does in one process
is done here once: signing in, asking what is new, a page of each list, a command that is found
again, a signed call that is heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx
import pytest

from connectors.contract import Outcome
from connectors.http import Client
from connectors.manifest import Capability
from connectors.testing import NoticeContract, SinkContract, SourceContract
from connectors.testing.snapshots import SnapshotContract
from revops.kernel import clock
from tests.connectors.hearing import listening
from tests.connectors.parties import Party, contracts_of, sandboxed

_DONE = (Outcome.OK, Outcome.ALREADY_DONE)
# Asked by the line for what a webhook names, and by people for a document: the journeys do.
_ELSEWHERE = (Capability.FETCH, Capability.DOCUMENTS)
_YEAR = ("2026-01-01", "2026-12-31")
Story = Callable[[Client, httpx.AsyncClient], Awaitable[None]]


def over(party: Party, url: str, story: Story) -> None:
    """Play a story with clients of real sockets."""

    async def play() -> None:
        async with (
            Client(party.settings.base_url, hosts=(), allow_loopback=True) as client,
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as door,
        ):
            await story(client, door)

    asyncio.run(play())


async def probed(party: Party, client: Client, door: httpx.AsyncClient) -> None:
    steps = await party.contract.connector.probe(client, party.settings)
    assert steps
    assert all(step.passed for step in steps), steps


async def asked(party: Party, client: Client, door: httpx.AsyncClient) -> None:
    """What happens there is found by polling, and understood."""
    await party.contract.fill(door)
    page = await party.contract.connector.poll(client, party.settings, cursor="")
    assert page.bodies
    assert any(party.contract.events(body) for body in page.bodies)


async def listed(party: Party, client: Client, door: httpx.AsyncClient) -> None:
    """Of each list a page, with something on it; without a test of lists, of the first one."""
    contract = party.contract
    kinds, days = party.manifest.lists, _YEAR
    if isinstance(contract, SnapshotContract):
        await contract.furnish(client, door)
        days = contract.days
    else:
        await contract.send_one(client, contract.command(1))
        kinds = kinds[:1]
    start, end = days
    for kind in kinds:
        rows, _ = await contract.connector.snapshot(
            client, party.settings, kind=kind, start=start, end=end, cursor=""
        )
        assert rows, kind


async def sent(party: Party, client: Client, door: httpx.AsyncClient) -> None:
    """A command is done, and found under its key; of a message the system holds one."""
    contract = party.contract
    command = contract.command(1)
    assert (await contract.send_one(client, command)).outcome in _DONE
    if isinstance(contract, NoticeContract):
        assert len(await contract.held(door)) == 1
        return
    found = await contract.find_one(client, command)
    assert found.posted
    assert found.content_sha256 == contract.connector.digest(command.payload)


def heard(party: Party) -> None:
    """What the system tells by itself comes signed, and is understood."""
    with listening() as ear:
        party.tell(ear.url)
        with party.at_a_port():
            party.use()
        call, *_ = ear.taken()
    connector = party.contract.connector
    connector.verify(body=call.body, headers=call.headers, secrets=[party.secret], at=clock.now())
    assert len(connector.usage(call.body, call.headers, party.settings)) >= 20


def stories_of(party: Party) -> dict[Capability, Any]:
    """What is played of a contract test, by the capability that it shows."""
    contract = party.contract
    # Tests of lists may stand beside the contract test of the rest.
    beside = any(isinstance(one, SnapshotContract) for one in contracts_of(party.slug))
    lists = isinstance(contract, SnapshotContract) or (party.manifest.lists and not beside)
    wanted = {
        Capability.PROBE: party.manifest.can(Capability.PROBE) and probed,
        Capability.EVENTS: isinstance(contract, SourceContract) and asked,
        Capability.SNAPSHOTS: lists and listed,
        Capability.COMMANDS: isinstance(contract, SinkContract | NoticeContract) and sent,
    }
    return {capability: story for capability, story in wanted.items() if story}


class TestOverSockets:
    @pytest.mark.parametrize("slug", sandboxed())
    def test_a_connector_reaches_its_sandbox(self, slug: str) -> None:
        done = set(_ELSEWHERE)
        for contract in contracts_of(slug):
            party = Party(slug, contract)
            with party.at_a_port() as url:
                for capability, story in stories_of(party).items():
                    if capability not in done:
                        over(party, url, partial(story, party))
                        done.add(capability)
            if party.pushes:
                heard(Party(slug, contract))
                done.add(Capability.USAGE)
        assert set(party.manifest.capabilities) <= done

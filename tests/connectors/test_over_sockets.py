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

from connectors import registry
from connectors.contract import Command, Outcome
from connectors.http import Client
from connectors.manifest import Capability
from connectors.postings import CUSTOMER, POSTINGS
from connectors.testing import NoticeContract, SinkContract, SourceContract
from connectors.testing.snapshots import SnapshotContract
from revops.kernel import clock
from tests.connectors import further
from tests.connectors.hearing import listening
from tests.connectors.parties import Party, contracts_of, sandboxed, sinks_of

_DONE = (Outcome.OK, Outcome.ALREADY_DONE)
# Asked by the line for what a webhook names, and by people for a document: others do. Commands
# have a test of their own.
_ELSEWHERE = (Capability.FETCH, Capability.DOCUMENTS, Capability.COMMANDS)
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
    """Of each list a page, with something on it where a test of lists furnishes it."""
    contract = party.contract
    furnished = isinstance(contract, SnapshotContract)
    if furnished:
        await contract.furnish(client, door)
    start, end = contract.days if furnished else _YEAR
    for kind in party.manifest.lists:
        rows, _ = await contract.connector.snapshot(
            client, party.settings, kind=kind, start=start, end=end, cursor=""
        )
        assert rows or not furnished, kind


def commands_of(contract: SinkContract | NoticeContract) -> list[Command]:
    """One of each kind that its test knows; an ERP's are the same for all."""
    books = getattr(contract, "books", None)
    if books is None:
        return [contract.command(1)]
    return [books.customer(1), *(books.posting(kind, 1) for kind in POSTINGS)]


async def sent(party: Party, known: set[str], client: Client, door: httpx.AsyncClient) -> None:
    """
    Each command is done, and found under its key; of a message the system holds one. Business
    partners of SAP have no place for a key: there it is asked again, and nothing is made. Then what
    may follow, done once. ``known`` are kinds that were done, here or before.
    """
    contract = party.contract
    done: dict[str, tuple[Command, str]] = {}
    for command in commands_of(contract):
        receipt = await contract.send_one(client, command)
        assert receipt.outcome in _DONE, (command.kind, receipt)
        done[command.kind] = (command, receipt.external_id)
        if isinstance(contract, NoticeContract):
            assert len(await contract.held(door)) == 1
            continue
        if command.kind == CUSTOMER:
            again = await contract.send_one(client, command)
            assert (again.outcome in _DONE, again.external_id) == (True, receipt.external_id)
            continue
        found = await contract.find_one(client, command)
        assert found.posted
        assert found.content_sha256 == contract.connector.digest(command.payload)
    known.update(done)
    for kind in set(party.manifest.accepts) & set(further.PAYLOADS) - known:
        if kind.endswith(".void") and not any(one.startswith(kind[:-5]) for one in done):
            continue
        command = await further.command(kind, done, door)
        receipt = await contract.send_one(client, command)
        assert receipt.outcome in _DONE, (kind, receipt)
        assert (await contract.send_one(client, command)).outcome in _DONE, kind
        known.add(kind)


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

    @pytest.mark.parametrize("slug", [one for one in sandboxed() if sinks_of(one)])
    def test_each_kind_of_command_is_done_and_found(self, slug: str) -> None:
        known: set[str] = set()
        for contract in sinks_of(slug):
            party = Party(slug, contract)
            if {command.kind for command in commands_of(contract)} <= known:
                continue
            with party.at_a_port() as url:
                over(party, url, partial(sent, party, known))
        assert known == set(registry.manifest(slug).accepts)

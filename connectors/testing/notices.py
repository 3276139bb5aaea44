"""
What every sink of messages to people promises (grade ``repeatable``): it cannot be asked, so what
counts is what the sandbox holds in the end.
"""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx
import pytest

from connectors.contract import Command, Grade, Outcome
from connectors.http import Client
from connectors.testing.common import Contract

_UNSURE = (Outcome.IN_DOUBT, Outcome.TRANSIENT, Outcome.NOT_SENT)
_BUSY = (Outcome.THROTTLED, Outcome.TRANSIENT, Outcome.NOT_SENT)


class NoticeContract(Contract):
    """Give ``command``, ``refused_command`` and ``held`` as well."""

    @abstractmethod
    def command(self, number: int) -> Command:
        """A message that the target takes; another key for each number."""

    @abstractmethod
    def refused_command(self) -> Command:
        """A message that the target refuses for what is in it."""

    @abstractmethod
    async def held(self, sandbox: httpx.AsyncClient) -> Sequence[Mapping[str, str]]:
        """What the sandbox holds, the oldest first."""

    def test_admits_that_it_cannot_be_asked(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.command(1)
            await self.send_one(client, command)
            assert await self.connector.find(client, self.settings, [command.key]) == {}

        assert self.connector.manifest.grade is Grade.REPEATABLE
        self.run(story)

    def test_a_message_arrives_once(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            receipt = await self.send_one(client, self.command(1))
            assert receipt.outcome is Outcome.OK
            assert receipt.external_id
            assert len(await self.held(sandbox)) == 1

        self.run(story)

    def test_answers_each_command_of_a_batch_in_order(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            size = min(self.connector.manifest.max_batch, 5)
            commands = [self.command(number) for number in range(size)]
            commands[size // 2] = self.refused_command()
            receipts = await self.connector.send(client, self.settings, commands)
            outcomes = [receipt.outcome for receipt in receipts]
            wanted = [Outcome.OK] * size
            wanted[size // 2] = Outcome.REFUSED
            assert outcomes == wanted
            assert len(await self.held(sandbox)) == size - 1

        self.run(story)

    def test_refusals_are_told_in_words(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            receipt = await self.send_one(client, self.refused_command())
            assert receipt.outcome is Outcome.REFUSED
            assert len(receipt.reason.split()) > 2
            assert not await self.held(sandbox)

        self.run(story)

    def test_wrong_credentials_are_told_as_such(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            settings = replace(
                self.settings, secrets=dict.fromkeys(self.settings.secrets, "wrong/wrong")
            )
            (receipt,) = await self.connector.send(client, settings, [self.command(1)])
            assert receipt.outcome is Outcome.AUTH
            assert not await self.held(sandbox)

        self.run(story)

    @pytest.mark.parametrize("fault", ["throttle", "down"])
    def test_a_busy_target_is_asked_again_later(self, fault: str) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, **{fault: True})
            assert (await self.send_one(client, self.command(1))).outcome in _BUSY
            assert not await self.held(sandbox)
            await self.fault(sandbox, **{fault: False})
            assert (await self.send_one(client, self.command(1))).outcome is Outcome.OK
            assert len(await self.held(sandbox)) == 1

        self.run(story)

    def test_a_garbled_answer_is_never_taken_for_a_success_or_a_refusal(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, garbage=True)
            assert (await self.send_one(client, self.command(1))).outcome in _UNSURE

        self.run(story)

    def test_a_slow_target_leaves_the_outcome_open(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, slow=3)
            assert (await self.send_one(client, self.command(1))).outcome in _UNSURE

        self.run(story, timeout_s=0.5)

    def test_a_lost_answer_is_in_doubt_and_the_second_copy_says_that_it_is_one(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.command(1)
            await self.fault(sandbox, response_lost=1)
            assert (await self.send_one(client, command)).outcome is Outcome.IN_DOUBT
            assert (await self.send_one(client, command)).outcome is Outcome.OK
            copies = await self.held(sandbox)
            assert len(copies) == 2
            assert len({self.identity(copy) for copy in copies}) == 1

        self.run(story, timeout_s=0.5)

    def test_a_message_that_is_taken_late_and_its_second_copy_say_that_they_are_one(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.command(1)
            await self.fault(sandbox, late_commit={"times": 1, "seconds": 0.01})
            assert (await self.send_one(client, command)).outcome is Outcome.IN_DOUBT
            assert (await self.send_one(client, command)).outcome is Outcome.OK
            await asyncio.sleep(0.03)
            copies = await self.held(sandbox)
            assert len(copies) == 2
            assert len({self.identity(copy) for copy in copies}) == 1

        self.run(story, timeout_s=0.5)

    @abstractmethod
    def identity(self, message: Mapping[str, str]) -> str:
        """By what a reader, or their program, sees that two are one."""

    def test_an_absent_target_was_sent_nothing(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            async with Client(self.settings.base_url, hosts=(), allow_loopback=True) as absent:
                receipt = await self.send_one(absent, self.command(1))
            assert receipt.outcome is Outcome.NOT_SENT

        self.run(story)

    def test_nothing_is_written_past_the_send_deadline(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            late = client.until(time.monotonic() - 1)
            assert (await self.send_one(late, self.command(1))).outcome is Outcome.NOT_SENT
            assert not await self.held(sandbox)

        self.run(story)

"""What every CommandSink promises, whatever its grade."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import httpx
import pytest

from connectors.contract import CallFailed, Command, Found, Outcome
from connectors.http import Client
from connectors.testing.common import Contract

_DONE: Final = (Outcome.OK, Outcome.ALREADY_DONE)
_UNKNOWN: Final = (Outcome.IN_DOUBT, Outcome.TRANSIENT, Outcome.NOT_SENT)
_BUSY: Final = (Outcome.THROTTLED, Outcome.TRANSIENT, Outcome.NOT_SENT)


class SinkContract(Contract):
    """Give ``command`` and ``refused_command`` as well."""

    @abstractmethod
    def command(self, number: int) -> Command:
        """A command that the target accepts; another key for each number."""

    @abstractmethod
    def refused_command(self) -> Command:
        """A command that the target refuses for a business reason."""

    def test_sends_under_the_key_and_finds_what_it_sent(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.command(1)
            receipt = await self.send_one(client, command)
            assert receipt.outcome is Outcome.OK
            assert receipt.external_id
            found = await self.find_one(client, command)
            assert found.external_id == receipt.external_id
            assert found.posted
            assert found.content_sha256 == self.connector.digest(command.payload)

        self.run(story)

    def test_sending_again_leaves_one_document(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.command(1)
            first = await self.send_one(client, command)
            second = await self.send_one(client, command)
            assert second.outcome in _DONE
            assert second.external_id == first.external_id
            assert (await self.find_one(client, command)).external_id == first.external_id

        self.run(story)

    def test_answers_each_command_of_a_batch_in_order(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            size = min(self.connector.manifest.max_batch, 5)
            commands = [self.command(number) for number in range(size)]
            commands[size // 2] = self.refused_command()
            receipts = await self.connector.send(client, self.settings, commands)
            assert len(receipts) == size
            for place, receipt in enumerate(receipts):
                refused = place == size // 2
                assert (receipt.outcome is Outcome.REFUSED) == refused, receipt
                assert (receipt.outcome in _DONE) != refused, receipt
            ids = [receipt.external_id for receipt in receipts if receipt.external_id]
            assert len(ids) == len(set(ids)) == size - 1

        self.run(story)

    def test_keys_without_a_document_are_absent(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, self.command(1))
            assert await self.connector.find(client, self.settings, ["rc1-no-such-key"]) == {}
            assert await self.connector.find(client, self.settings, []) == {}

        self.run(story)

    def test_refusals_are_told_in_words_and_post_nothing(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.refused_command()
            receipt = await self.send_one(client, command)
            assert receipt.outcome is Outcome.REFUSED
            assert len(receipt.reason.split()) > 2
            found = await self.connector.find(client, self.settings, [command.key])
            assert not [item for item in found.get(command.key, ()) if item.posted]

        self.run(story)

    def test_wrong_credentials_are_told_as_such(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            settings = replace(
                self.settings, secrets=dict.fromkeys(self.settings.secrets, "wrong-wrong")
            )
            (receipt,) = await self.connector.send(client, settings, [self.command(1)])
            assert receipt.outcome is Outcome.AUTH

        self.run(story)

    @pytest.mark.parametrize("fault", ["throttle", "down"])
    def test_a_busy_target_is_asked_again_later_and_holds_one_document(self, fault: str) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.command(1)
            await self.fault(sandbox, **{fault: True})
            receipt = await self.send_one(client, command)
            assert receipt.outcome in (*_BUSY, Outcome.IN_DOUBT)
            with pytest.raises(CallFailed):
                await self.connector.find(client, self.settings, [command.key])
            await self.fault(sandbox, **{fault: False})
            assert (await self.send_one(client, command)).outcome in _DONE
            await self.find_one(client, command)

        self.run(story)

    def test_a_garbled_answer_is_never_taken_for_a_success_or_a_refusal(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.command(1)
            await self.send_one(client, self.command(2))
            await self.fault(sandbox, garbage=True)
            assert (await self.send_one(client, command)).outcome in _UNKNOWN
            with pytest.raises(CallFailed):
                await self.connector.find(client, self.settings, [command.key])

        self.run(story)

    def test_a_slow_target_leaves_the_outcome_open(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.command(1)
            await self.fault(sandbox, slow=3)
            assert (await self.send_one(client, command)).outcome in _UNKNOWN
            await self.fault(sandbox, slow=0)
            assert (await self.send_one(client, command)).outcome in _DONE
            await self.find_one(client, command)

        self.run(story, timeout_s=0.5)

    def test_an_absent_target_was_sent_nothing(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            async with Client(self.settings.base_url, hosts=(), allow_loopback=True) as absent:
                receipt = await self.send_one(absent, self.command(1))
            assert receipt.outcome is Outcome.NOT_SENT

        self.run(story)

    def test_nothing_is_written_past_the_send_deadline(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.command(1)
            late = client.until(time.monotonic() - 1)
            assert (await self.send_one(late, command)).outcome is Outcome.NOT_SENT
            assert await self.connector.find(client, self.settings, [command.key]) == {}

        self.run(story)

    async def find_one(self, client: Client, command: Command) -> Found:
        found: Sequence[Found] = (await self.connector.find(client, self.settings, [command.key]))[
            command.key
        ]
        assert len(found) == 1, f"{len(found)} documents under one key"
        return found[0]

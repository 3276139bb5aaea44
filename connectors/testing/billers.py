"""What every billing system that we ask for something promises, kind by kind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import httpx

from connectors import billing, commands
from connectors.contract import Command, Outcome
from connectors.http import Client
from connectors.testing.sinks import SinkContract

_SOON_S: Final = 5


@dataclass(frozen=True, slots=True)
class Billed:
    """
    What a sandbox holds for requests, by its own ids: a customer and, where it is known elsewhere,
    its ``other_ids``; a price; a running subscription; an open and a paid invoice, each with the id
    of a line over at least 1,000.00.
    """

    customer: str
    other_ids: dict[str, str]
    price: str
    subscription: str
    open: tuple[str, str]
    paid: tuple[str, str]


class BillerContract(SinkContract):
    """Give ``kind``, and let ``build`` set ``billed``; ``settles`` is of credit notes."""

    kind: ClassVar[str]
    settles: ClassVar[str] = "invoice"
    billed: Billed

    def command(self, number: int) -> Command:
        return self.asking(number, self.payload(number))

    def refused_command(self) -> Command:
        return self.asking(99, self.refused_payload())

    def asking(self, number: int, payload: dict[str, Any]) -> Command:
        return commands.by_hand(self.kind, f"rc1-{number:032d}", payload)

    def test_a_lost_answer_is_in_doubt_and_found_and_never_done_twice(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            # What a subscription needs, such as its customer, is there.
            await self.send_one(client, self.command(2))
            command = self.command(1)
            await self.fault(sandbox, response_lost={"times": 1, "seconds": 0.02})
            receipt = await self.send_one(client, command)
            assert receipt.outcome is Outcome.IN_DOUBT, receipt
            await self.once(client, command)

        self.run(story)

    def test_what_is_committed_late_is_found_and_never_done_twice(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, self.command(2))
            command = self.command(1)
            await self.fault(sandbox, late_commit={"times": 1, "seconds": 0.3})
            receipt = await self.send_one(client, command)
            assert receipt.outcome is Outcome.IN_DOUBT, receipt
            assert await self.connector.find(client, self.settings, [command.key]) == {}
            async with asyncio.timeout(_SOON_S):
                while not await self.connector.find(client, self.settings, [command.key]):
                    await asyncio.sleep(0.02)
            await self.once(client, command)

        self.run(story, timeout_s=0.15)

    async def once(self, client: Client, command: Command) -> None:
        """Found, and asked for again: one of it."""
        found = await self.find_one(client, command)
        again = await self.send_one(client, command)
        assert again.outcome is Outcome.ALREADY_DONE, again
        assert again.external_id == found.external_id
        assert (await self.find_one(client, command)).external_id == found.external_id

    def payload(self, number: int) -> dict[str, Any]:
        if self.kind == billing.SUBSCRIPTION:
            return self._subscription(number)
        if self.kind == billing.INVOICE_ITEM:
            return self._item(number)
        return self._note(number)

    def refused_payload(self) -> dict[str, Any]:
        """What names something that the system does not have, or credits more than was billed."""
        whole = self.payload(9)
        if self.kind == billing.SUBSCRIPTION:
            return whole | {"items": [{"price": "unknown"}]}
        if self.kind == billing.INVOICE_ITEM:
            return whole | {"customer_id": "unknown", "subscription_id": "unknown"}
        return whole | {"lines": [{**whole["lines"][0], "amount": 999_999}]}

    def _subscription(self, number: int) -> dict[str, Any]:
        return {
            "customer": {"name": "Ash", "other_ids": self.billed.other_ids},
            "items": [{"price": self.billed.price, "quantity": number + 1}],
            "contract_ref": f"800{number}",
            "days_until_due": 30,
            "legal_entity": "US-INC",
        }

    def _item(self, number: int) -> dict[str, Any]:
        return {
            "customer_id": self.billed.customer,
            "subscription_id": self.billed.subscription,
            "currency": "USD",
            "amount": 12_345 + number,
            "quantity": "1234.5",
            "description": "API calls, January " * 20,
            "sku": "usage_api",
            "usage_ref": f"rated-{number}",
            "period": {"start": "2026-01-01", "end": "2026-01-31"},
        }

    def _note(self, number: int) -> dict[str, Any]:
        invoice, line = self.billed.open if self.settles == "invoice" else self.billed.paid
        return {
            "invoice_id": invoice,
            "currency": "USD",
            "lines": [{"invoice_line_id": line, "amount": 10_000 + number}],
            "credit_type": "goodwill",
            "settles": self.settles,
            "credit_request_id": f"req-{number}",
            "memo": "Two days down",
        }

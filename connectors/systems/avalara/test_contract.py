from __future__ import annotations

from typing import Any

import httpx
from starlette.types import ASGIApp

from connectors import commands
from connectors.contract import Command, Settings
from connectors.http import Client
from connectors.systems.avalara import payloads, sandbox
from connectors.systems.avalara.connector import connector
from connectors.testing import LOOPBACK, SinkContract, SnapshotContract, SourceContract

SETTINGS = Settings(
    slug="avalara",
    base_url=LOOPBACK,
    parameters={"account": sandbox.ACCOUNT, "companies": "US-INC=DEFAULT, US-WEST=WEST"},
    secrets={"license_key": sandbox.LICENSE},
    zone="UTC",
)


def payload(number: int = 1) -> dict[str, Any]:
    return {
        "document": "invoice",
        "legal_entity": "US-INC",
        "document_id": f"in_{number}",
        "number": f"INV-{number}",
        "dated": "2026-01-15",
        "customer_id": "cus_ash",
        "currency": "USD",
        "address": {"line1": "1 Runway", "city": "Austin", "region": "TX", "country": "US"},
        "lines": [
            {"line_id": "il_1", "sku": "price_pro", "amount": 120_000 + number, "tax": 9_900},
            {"line_id": "il_2", "sku": "setup", "amount": 5_000, "tax": 412},
        ],
    }


def asked(number: int, **change: Any) -> Command:
    return commands.by_hand(payloads.COMMIT, f"rc1-{number:032d}", payload(number) | change)


class TestAvalara(SourceContract, SinkContract, SnapshotContract):
    connector = connector
    settings = SETTINGS
    days = ("2026-01-01", "2026-01-31")
    page = "connectors.systems.avalara.listing.PAGE"

    def build(self) -> ASGIApp:
        companies = str(SETTINGS.parameters["companies"])
        return sandbox.build(sandbox.Config(companies=companies))

    def command(self, number: int) -> Command:
        return asked(number)

    def refused_command(self) -> Command:
        return asked(99, address={"country": "ZZ"})

    async def furnish(self, client: Client, sandbox: httpx.AsyncClient) -> None:
        for number in range(1, 4):
            await self.send_one(client, asked(number))
        given = {"document": "credit", "original_on": "2026-01-02", "legal_entity": "US-WEST"}
        await self.send_one(client, asked(4, **given))
        await self.send_one(client, asked(5, dated="2026-02-01"))

    def events(self, body: bytes) -> Any:
        return self.connector.translate(self.connector.open(body), self.settings)

"""What tests need to put the connector to work on the sandbox."""

from __future__ import annotations

from typing import Any, Final

from connectors.contract import Settings
from connectors.systems.business_central import sandbox
from connectors.systems.business_central.connector import BusinessCentral
from connectors.testing import LOOPBACK
from connectors.testing.desks import PlainDesk

SETTINGS: Final = Settings(
    slug="business_central",
    base_url=LOOPBACK,
    parameters={
        "tenant": "contoso.onmicrosoft.com",
        "environment": "production",
        "receivable_account": "1100",
        "sign_in_url": LOOPBACK,
    },
    secrets={
        "client_id": sandbox.CLIENT_ID,
        "client_secret": sandbox.CLIENT_SECRET,
        "client_state": sandbox.STATE,
    },
)


class Desk(PlainDesk):
    """A connector at work on a fresh sandbox; parameters may be changed."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(BusinessCentral(), sandbox.build(), SETTINGS, **parameters)

    async def settled(self) -> None:
        await self.inside.hooks.idle()

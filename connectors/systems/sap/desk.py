"""What tests need to put the connector to work on the sandbox."""

from __future__ import annotations

from typing import Any, Final

from connectors.contract import Settings
from connectors.systems.sap import sandbox
from connectors.systems.sap.connector import SapS4
from connectors.testing import LOOPBACK
from connectors.testing.desks import PlainDesk

SETTINGS: Final = Settings(
    slug="sap",
    base_url=LOOPBACK,
    parameters={
        "tenant": "my300000",
        "company_codes": "US-INC=1710; UK-LTD=1110; DE-GMBH=1010; CH-AG=1910",
        "receivable_account": "1100",
    },
    secrets={"user": sandbox.USER, "password": sandbox.PASSWORD},
)


class Desk(PlainDesk):
    """A connector at work on a fresh sandbox; parameters may be changed."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(SapS4(), sandbox.build(), SETTINGS, **parameters)

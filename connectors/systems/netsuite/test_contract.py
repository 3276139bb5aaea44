from __future__ import annotations

from starlette.types import ASGIApp

from connectors.contract import Settings
from connectors.systems.netsuite import sandbox
from connectors.systems.netsuite.connector import connector
from connectors.systems.netsuite.sandbox import chart
from connectors.testing import LOOPBACK, ErpContract, SignInContract

SETTINGS = Settings(
    slug="netsuite",
    base_url=LOOPBACK,
    parameters={
        "account": "1234567-sb1",
        "certificate_id": sandbox.CERTIFICATE_ID,
        "subsidiaries": chart.MAPPED,
    },
    secrets={"client_id": sandbox.CLIENT_ID, "private_key": sandbox.PRIVATE_KEY},
)


class TestNetSuite(ErpContract, SignInContract):
    connector = connector
    settings = SETTINGS
    page = "connectors.systems.netsuite.listing.PAGE"

    def build(self) -> ASGIApp:
        return sandbox.build()

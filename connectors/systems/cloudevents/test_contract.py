from __future__ import annotations

from starlette.types import ASGIApp

from connectors.contract import Settings
from connectors.systems.cloudevents import sandbox
from connectors.systems.cloudevents.connector import connector
from connectors.testing import LOOPBACK, UsageContract


class TestCloudEvents(UsageContract):
    connector = connector
    settings = Settings(
        slug="cloudevents", base_url=LOOPBACK, secrets={"signing_secret": sandbox.SIGNED_WITH}
    )

    def build(self) -> ASGIApp:
        return sandbox.build()

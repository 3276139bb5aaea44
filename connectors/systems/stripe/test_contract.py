from __future__ import annotations

from starlette.types import ASGIApp

from connectors.contract import Settings
from connectors.systems.stripe import sandbox
from connectors.systems.stripe.connector import connector
from connectors.testing import LOOPBACK, SourceContract


class TestStripe(SourceContract):
    connector = connector
    settings = Settings(
        slug="stripe", base_url=LOOPBACK, secrets={"api_key": sandbox.API_KEY}, zone="UTC"
    )

    def build(self) -> ASGIApp:
        return sandbox.build()

from __future__ import annotations

from starlette.types import ASGIApp

from connectors.systems.sap import desk, sandbox
from connectors.systems.sap.connector import connector
from connectors.testing import ErpContract


class TestSap(ErpContract):
    connector = connector
    settings = desk.SETTINGS
    page = "connectors.systems.sap.wire.PAGE"
    keyless_customers = True
    other_ids = False

    def build(self) -> ASGIApp:
        return sandbox.build()

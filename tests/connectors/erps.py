"""The five ERPs with the sandboxes of their contract tests, and what is written to them."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any, Final

import httpx

from connectors.systems.business_central import test_contract as business_central
from connectors.systems.netsuite import test_contract as netsuite
from connectors.systems.oracle_fusion import test_contract as oracle_fusion
from connectors.systems.sap import test_contract as sap
from connectors.systems.tryton import test_contract as tryton

ERPS: Final[Mapping[str, Any]] = {
    case.connector.manifest.slug: case
    for case in (
        business_central.TestBusinessCentral,
        netsuite.TestNetSuite,
        oracle_fusion.TestOracleFusion,
        sap.TestSap,
        tryton.TestTryton,
    )
}
_WRITES: Final = ("POST", "PATCH", "PUT")


class Heard(httpx.ASGITransport):
    """A sandbox whose written bodies are kept as text; archives as what is in them."""

    def __init__(self, app: Any) -> None:
        super().__init__(app=app)
        self.bodies: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method in _WRITES and "suiteql" not in request.url.path:
            body = (await request.aread()).decode("utf-8", "replace")
            self.bodies += [body, *_archived(body)]
        return await super().handle_async_request(request)


def _archived(body: str) -> list[str]:
    packed = re.search(r'"DocumentContent":\s*"([^"]+)"', body)
    if packed is None:
        return []
    archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(packed[1])))
    return [archive.read(name).decode() for name in archive.namelist()]

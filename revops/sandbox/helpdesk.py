"""
A help desk of one of the demo's teams that nobody wrote a connector for: a REST connection by
configuration, with the worked example of docs/rest.md. Its tickets come in; what a customer is
entitled to goes out.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

import httpx

from connectors.systems.rest import desk, sandbox
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.mappings.models import EntityMap, LegalEntity
from revops.sandbox import company
from revops.sandbox.serve import Stand

HELPDESK: Final = "helpdesk"


def seed(port: int) -> None:
    """The connection, when it is not there. The company has to be."""
    made = company.connect(
        HELPDESK, "rest", "Field service desk", port, desk.parameters("desk"),
        secrets={"api_key": sandbox.API_KEY, "webhook_secret": sandbox.HOOK_SECRET},
    )  # fmt: skip
    home = LegalEntity.objects.get(code="US-INC")
    EntityMap.objects.get_or_create(connection=made, hint="", defaults={"legal_entity": home})
    SourceCursor.objects.get_or_create(connection=made, defaults={"next_at": clock.now()})


async def play(stands: Sequence[Stand]) -> None:
    """The first time some customers with a ticket each, afterwards another ticket or its end."""
    stand = next((one for one in stands if one.slug == HELPDESK), None)
    if stand is None:
        return
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stand.port}/_control") as control:
        known = (await control.get("/state")).json()["tickets"]
        name = random.choice(("ticket", "solve")) if known else "customers"
        values = {} if known else {"count": 3}
        await control.post(f"/scenario/{name}", json=values, timeout=10)

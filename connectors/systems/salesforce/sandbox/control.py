"""
The switchboard under ``/_control/``: what the sandbox holds, faults, webhooks, and scenarios.

JSON in and out, no sign-in: a sandbox listens on loopback only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.systems.salesforce.sandbox.rest import encode
from connectors.systems.salesforce.sandbox.scenarios import SCENARIOS
from connectors.systems.salesforce.sandbox.world import Refused

if TYPE_CHECKING:
    from connectors.systems.salesforce.sandbox.app import Sandbox


def routes(sandbox: Sandbox) -> list[Route]:
    """
    GET state · GET records/{object} · POST reset · GET, POST, DELETE faults ·
    GET, POST, DELETE webhooks · POST scenario/{name}
    """
    world, faults, outbound = sandbox.world, sandbox.faults, sandbox.outbound

    async def state(request: Request) -> Response:
        held = {kind: list(rows) for kind, rows in sorted(world.rows.items())}
        counts = {kind: len(ids) for kind, ids in held.items()}
        return JSONResponse({"counts": counts, "ids": held, "calls": world.calls})

    async def records(request: Request) -> Response:
        rows = list(world.rows.get(request.path_params["object"], {}).values())
        return Response(encode(rows), media_type="application/json")

    async def reset(request: Request) -> Response:
        world.reset()
        faults.clear()
        return JSONResponse({"reset": True})

    async def switch(request: Request) -> Response:
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            faults.set(await _values(request))
        return JSONResponse(faults.shown())

    async def webhooks(request: Request) -> Response:
        if request.method == "DELETE":
            outbound.url = ""
        elif request.method == "POST":
            outbound.url = str((await _values(request))["url"])
        return JSONResponse({"endpoint": outbound.url, "deliveries": list(outbound.deliveries)})

    async def scenario(request: Request) -> Response:
        play = SCENARIOS[request.path_params["name"]]
        return JSONResponse(play(sandbox.business, **await _values(request)))

    return [
        Route("/state", _safe(state)),
        Route("/records/{object}", _safe(records)),
        Route("/reset", _safe(reset), methods=["POST"]),
        Route("/faults", _safe(switch), methods=["GET", "POST", "DELETE"]),
        Route("/webhooks", _safe(webhooks), methods=["GET", "POST", "DELETE"]),
        Route("/scenario/{name}", _safe(scenario), methods=["POST"]),
    ]


async def _values(request: Request) -> dict[str, Any]:
    body = await request.body()
    values = json.loads(body) if body else {}
    if not isinstance(values, dict):
        raise ValueError("Send a JSON object.")
    return values


def _safe(endpoint: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Mistakes of the caller are answered in words."""

    async def guarded(request: Request) -> Response:
        try:
            answer: Response = await endpoint(request)
        except (Refused, ValueError, TypeError, KeyError) as error:
            return JSONResponse({"problem": str(error)}, status_code=400)
        return answer

    return guarded

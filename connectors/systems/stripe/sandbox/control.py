"""
The switchboard under ``/_control/``: what the sandbox holds, faults, webhooks, and scenarios.

JSON in and out, no sign-in: a sandbox listens on loopback only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.systems.stripe.sandbox import scenarios
from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.stripe.sandbox.cash import Refused
from connectors.systems.stripe.sandbox.faults import Faults
from connectors.systems.stripe.sandbox.hooks import Hooks
from connectors.systems.stripe.sandbox.world import Missing, World


def routes(world: World, business: Business, faults: Faults, hooks: Hooks) -> list[Route]:
    """
    GET state · POST reset · GET, POST, DELETE faults · GET, POST, DELETE webhooks ·
    POST scenario/{name}
    """

    async def state(request: Request) -> Response:
        held = {kind: list(found) for kind, found in sorted(world.objects.items())}
        return JSONResponse({"counts": {kind: len(ids) for kind, ids in held.items()}, "ids": held})

    async def reset(request: Request) -> Response:
        endpoints = world.objects.get("webhook_endpoint", {})
        world.reset()
        world.objects["webhook_endpoint"] = endpoints
        faults.clear()
        return JSONResponse({"reset": True})

    async def switch(request: Request) -> Response:
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            faults.set(await _values(request))
        return JSONResponse(faults.as_dict())

    async def webhooks(request: Request) -> Response:
        if request.method == "DELETE":
            hooks.forget()
        elif request.method == "POST":
            values = await _values(request)
            hooks.point(
                url=str(values["url"]), secret=str(values["secret"]), events=values.get("events")
            )
        endpoints = [item["url"] for item in world.all("webhook_endpoint")]
        return JSONResponse({"endpoints": endpoints, "deliveries": list(hooks.deliveries)})

    async def scenario(request: Request) -> Response:
        play = scenarios.SCENARIOS[request.path_params["name"]]
        return JSONResponse(play(business, **await _values(request)))

    return [
        Route("/state", _safe(state)),
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
        except (Missing, Refused, ValueError, TypeError, KeyError) as error:
            return JSONResponse({"problem": str(error)}, status_code=400)
        return answer

    return guarded

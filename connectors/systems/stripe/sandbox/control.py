"""
The sandbox's own door, which Stripe does not have.

    GET  /_control/state              counts and ids by kind
    GET  /_control/documents          what was issued, with amounts, as an auditor would list it
    GET  /_control/webhooks           whom events go to, what was sent, and what came back
    POST /_control/webhooks           {"url": …, "secret": …, "events": …}; DELETE forgets all
    POST /_control/scenario/<name>    let something happen (``scenarios``)
    POST /_control/reset              no objects but the endpoints, no faults
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Mount

from connectors.sandboxes import door as doors
from connectors.sandboxes.faults import Faults
from connectors.sandboxes.totals import held
from connectors.systems.stripe.sandbox import scenarios
from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.stripe.sandbox.cash import Refused
from connectors.systems.stripe.sandbox.documents import documents
from connectors.systems.stripe.sandbox.hooks import Hooks
from connectors.systems.stripe.sandbox.world import Missing, World


def door(world: World, business: Business, faults: Faults, hooks: Hooks) -> Mount:
    def reset(request: Request, value: Any) -> Any:
        endpoints = world.objects.get("webhook_endpoint", {})
        world.reset()
        world.objects["webhook_endpoint"] = endpoints
        faults.clear()
        return {"reset": True}

    def webhooks(request: Request, value: Any) -> Any:
        if request.method == "DELETE":
            hooks.forget()
        elif request.method == "POST":
            hooks.point(
                url=str(value["url"]), secret=str(value["secret"]), events=value.get("events")
            )
        endpoints = [item["url"] for item in world.all("webhook_endpoint")]
        return {"endpoints": endpoints, "deliveries": list(hooks.called)}

    return doors.door(
        faults,
        lambda: held(world.objects),
        {
            "GET documents": lambda request, value: {"documents": documents(world)},
            "webhooks": webhooks,
            "POST reset": reset,
            "POST scenario/{name}": doors.scenarios(scenarios.SCENARIOS, business),
        },
        refused=(Missing, Refused),
    )

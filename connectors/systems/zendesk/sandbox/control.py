"""
The sandbox's own door, which Zendesk does not have.

    GET  /_control/state              tickets with their notes, organizations, SLA events
    GET  /_control/webhooks           what was called, and what came back
    POST /_control/webhooks           {"url": …, "secret": …}: whom to call from now on
    GET  /_control/faults             what is switched on; POST switches, DELETE switches all off
    POST /_control/cases              the buttons of a demo (``play.cases``)
    POST /_control/scenario/<name>    let something happen (``play``)
    POST /_control/sign_in            tokens so far; {"expire": true} ends them
    POST /_control/reset              nothing is there, no faults
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.routing import Mount

from connectors.sandboxes import door as doors
from connectors.systems.zendesk.sandbox import play

if TYPE_CHECKING:
    from connectors.systems.zendesk.sandbox.app import Sandbox


def door(sandbox: Sandbox) -> Mount:
    def state() -> Any:
        world = sandbox.world
        return {
            "tickets": [
                row | {"notes": notes(sandbox, row["id"])} for row in world.tickets.values()
            ],
            "organizations": list(world.organizations.values()),
            "metrics": world.metrics,
        }

    def reset(request: Request, value: Any) -> Any:
        sandbox.faults.clear()
        sandbox.world.reset()
        return {"reset": True}

    def webhooks(request: Request, value: Any) -> Any:
        if request.method == "POST":
            sandbox.hooks.url, sandbox.hooks.secret = str(value["url"]), str(value["secret"])
        return {"url": sandbox.hooks.url, "called": list(sandbox.hooks.called)}

    def cases(request: Request, value: Any) -> Any:
        done = play.cases(sandbox, value)
        sandbox.world.save()
        return done

    return doors.door(
        sandbox.faults,
        state,
        {
            "GET ": lambda request, value: state(),
            "webhooks": webhooks,
            "POST sign_in": doors.sign_ins(sandbox.tokens),
            "POST reset": reset,
            "POST cases": cases,
            "POST scenario/{name}": doors.scenarios(
                play.SCENARIOS, sandbox, after=sandbox.world.save
            ),
        },
    )


def notes(sandbox: Sandbox, number: int) -> list[dict[str, Any]]:
    """What was written on a ticket, the oldest first."""
    return [
        {"body": event["body"], "public": event["public"], "at": audit["created_at"],
         "key": audit["metadata"]["custom"].get("revops_key", "")}
        for audit in sandbox.world.audits[number]
        for event in audit["events"]
        if event["type"] == "Comment"
    ]  # fmt: skip

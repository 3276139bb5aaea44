"""
The sandbox's own door, which Zendesk does not have. JSON in and out, no sign-in.

    GET  /_control/state              tickets with their notes, organizations, SLA events
    GET  /_control/webhooks           what was called, and what came back
    POST /_control/webhooks           {"url": …, "secret": …}: whom to call from now on
    GET  /_control/faults             what is switched on; POST switches, DELETE switches all off
    POST /_control/cases              the buttons of a demo (``play.cases``)
    POST /_control/scenario/<name>    let something happen (``play``)
    POST /_control/reset              nothing is there, no faults
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from connectors.systems.zendesk.sandbox import play

if TYPE_CHECKING:
    from connectors.systems.zendesk.sandbox.app import Sandbox


def handle(sandbox: Sandbox, request: Request, value: Any) -> Any:
    """Raises ValueError, KeyError, TypeError or LookupError for what cannot be done."""
    what, method = request.path_params["what"].strip("/"), request.method
    if what == "faults":
        if method == "DELETE":
            sandbox.faults.clear()
        elif method == "POST":
            sandbox.faults.set(value)
        return sandbox.faults.shown()
    if what == "webhooks":
        if method == "POST":
            sandbox.hooks.url, sandbox.hooks.secret = str(value["url"]), str(value["secret"])
        return {"url": sandbox.hooks.url, "called": list(sandbox.hooks.called)}
    if what == "reset" and method == "POST":
        sandbox.faults.clear()
        sandbox.world.reset()
        return {"reset": True}
    if what == "cases" and method == "POST":
        return _kept(sandbox, play.cases(sandbox, value))
    if what.startswith("scenario/") and method == "POST":
        done = play.SCENARIOS[what.removeprefix("scenario/")](sandbox, **value)
        return _kept(sandbox, done)
    if what in ("", "state"):
        world = sandbox.world
        return {
            "tickets": [
                row | {"notes": notes(sandbox, row["id"])} for row in world.tickets.values()
            ],
            "organizations": list(world.organizations.values()),
            "metrics": world.metrics,
        }
    raise ValueError(f"There is no “{what}” here.")


def notes(sandbox: Sandbox, number: int) -> list[dict[str, Any]]:
    """What was written on a ticket, the oldest first."""
    return [
        {"body": event["body"], "public": event["public"], "at": audit["created_at"],
         "key": audit["metadata"]["custom"].get("revops_key", "")}
        for audit in sandbox.world.audits[number]
        for event in audit["events"]
        if event["type"] == "Comment"
    ]  # fmt: skip


def _kept(sandbox: Sandbox, done: Any) -> Any:
    sandbox.world.save()
    return done

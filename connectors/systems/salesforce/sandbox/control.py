"""
The sandbox's own door, which Salesforce does not have.

    GET  /_control/state              counts and ids by object, and how many calls there were
    GET  /_control/records/<object>   the records of an object
    GET  /_control/webhooks           what was sent, and what came back
    POST /_control/webhooks           {"url": …}: where messages go from now on; DELETE: nowhere
    POST /_control/scenario/<name>    let something happen (``scenarios``)
    POST /_control/sign_in            {"expire": true}: all tokens end; how many there were
    POST /_control/reset              no records, no faults
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from connectors.sandboxes import door as doors
from connectors.sandboxes.totals import held
from connectors.systems.salesforce.sandbox.rest import encode
from connectors.systems.salesforce.sandbox.scenarios import SCENARIOS
from connectors.systems.salesforce.sandbox.world import Refused

if TYPE_CHECKING:
    from connectors.systems.salesforce.sandbox.app import Sandbox


def door(sandbox: Sandbox) -> Mount:
    world, outbound = sandbox.world, sandbox.outbound

    def records(request: Request, value: Any) -> Response:
        rows = list(world.rows.get(request.path_params["object"], {}).values())
        return Response(encode(rows), media_type="application/json")

    def reset(request: Request, value: Any) -> Any:
        world.reset()
        sandbox.faults.clear()
        return {"reset": True}

    def webhooks(request: Request, value: Any) -> Any:
        if request.method == "DELETE":
            outbound.url = ""
        elif request.method == "POST":
            outbound.url = str(value["url"])
        return {"endpoint": outbound.url, "deliveries": list(outbound.called)}

    return doors.door(
        sandbox.faults,
        lambda: held(world.rows) | {"calls": world.calls},
        {
            "GET records/{object}": records,
            "webhooks": webhooks,
            "POST sign_in": doors.sign_ins(sandbox.tokens),
            "POST reset": reset,
            "POST scenario/{name}": doors.scenarios(SCENARIOS, sandbox.business),
        },
        refused=(Refused,),
    )

"""
The page and the switchboard of the sandbox.

    GET  /_control/tables   how many rows each table holds
    GET  /_control/state    the same as counts
    GET  /_control/totals   of journals between ``start`` and ``end``
    GET  /_control/faults   what is switched on; POST switches, DELETE switches all off
    POST /_control/reset    no tables, no faults

Faults, told as ``connectors.sandboxes.faults`` says: ``down`` takes no connection, ``throttle`` has
too many clients, ``unauthorized`` refuses the password, ``slow``, ``garbage`` speaks HTTP,
``response_lost`` commits and breaks off.
"""

from __future__ import annotations

import contextlib
from html import escape

from psycopg import errors
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandboxes import door as doors
from connectors.sandboxes.page import page
from connectors.sandboxes.serving import ends_with
from connectors.systems.warehouse.sandbox.place import Place
from connectors.systems.warehouse.sandbox.proxy import Proxy


def build(place: Place, *, port: int = 0) -> Starlette:
    """PostgreSQL is served as long as the application's lifespan."""
    proxy = Proxy(place.socket())

    async def begin() -> None:
        # Who serves sandboxes may not always make logins: the demo's seed, which may, did it then.
        with contextlib.suppress(errors.InsufficientPrivilege):
            await place.make()
        await proxy.start(port)

    async def held(request: Request) -> Response:
        counts = await place.held()
        return page(
            title="Warehouse of the demo",
            lead="What the console loaded.",
            items=(
                f"<h2>{escape(table)}</h2><p>{rows:,} rows</p>" for table, rows in counts.items()
            ),
            empty="No table yet.",
        )

    async def tables(request: Request) -> Response:
        return JSONResponse(await place.held())

    async def state() -> dict[str, dict[str, int]]:
        return {"counts": await place.held()}

    async def totals(request: Request) -> Response:
        asked = request.query_params
        return JSONResponse(await place.journals(asked["start"], asked["end"]))

    async def reset(request: Request) -> Response:
        proxy.faults.clear()
        await place.empty()
        return JSONResponse({"reset": True})

    app = Starlette(
        routes=[
            Route("/", held),
            Route("/_control/tables", tables),
            Route("/_control/totals", totals),
            Route("/_control/reset", reset, methods=["POST"]),
            doors.door(proxy.faults, state, {}),
        ],
        lifespan=ends_with(proxy.stop, begins=begin),
    )
    app.state.proxy = app.state.server = proxy
    app.state.place = place
    return app

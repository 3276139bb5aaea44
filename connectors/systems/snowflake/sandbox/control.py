"""
The switchboard under ``/_control/``, which Snowflake does not have.

    GET  tables      how many rows each table holds
    GET  state       the same as counts
    GET  rows?…      ``table`` and ``columns`` of it
    GET  totals?…    of journals between ``start`` and ``end``
    GET  statements  those that were taken, and how they ended; ``runs`` counts
    POST forget      ``table`` and ``column``: the column was never there
    POST idle        answers when nothing is at work any more
    POST reset       nothing was loaded, no faults
    …    faults      ``connectors.sandboxes.faults``
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Mount

from connectors.sandboxes import door as doors
from connectors.sandboxes.faults import Faults
from connectors.systems.snowflake.sandbox.engine import Engine
from connectors.systems.snowflake.sandbox.values import Failed
from connectors.systems.snowflake.sandbox.work import Works


def door(engine: Engine, works: Works, faults: Faults) -> Mount:
    def tables(request: Request, value: Any) -> Any:
        return engine.tables()

    def rows(request: Request, value: Any) -> Any:
        asked = request.query_params
        columns = [one.strip().upper() for one in asked["columns"].split(",")]
        return {"rows": engine.held(asked["table"].upper(), columns)}

    def totals(request: Request, value: Any) -> Any:
        asked = request.query_params
        return engine.journals(asked["start"], asked["end"])

    def statements(request: Request, value: Any) -> Any:
        return {"runs": works.runs, "statements": works.seen()}

    def forget(request: Request, value: Any) -> Any:
        engine.forget(value["table"].upper(), value["column"].upper())
        return {"forgotten": value["column"]}

    async def idle(request: Request, value: Any) -> Any:
        await works.idle()
        return {"idle": True}

    def reset(request: Request, value: Any) -> Any:
        works.reset()
        engine.reset()
        faults.clear()
        return {"reset": True}

    handlers: dict[str, doors.Handler] = {
        "GET tables": tables,
        "GET rows": rows,
        "GET totals": totals,
        "GET statements": statements,
        "POST forget": forget,
        "POST idle": idle,
        "POST reset": reset,
    }
    return doors.door(faults, lambda: {"counts": engine.tables()}, handlers, refused=(Failed,))

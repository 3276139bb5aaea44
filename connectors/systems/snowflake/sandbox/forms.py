"""How the SQL API answers: ResultSet, QueryStatus, QueryFailureStatus, and requests it refuses."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from connectors.systems.snowflake.sandbox.values import Failed
from connectors.systems.snowflake.sandbox.work import Statement

PATH: Final = "/api/v2/statements"
_AT_WORK: Final = (
    "Asynchronous execution in progress. Use provided query id to perform query monitoring and "
    "management."
)


class Refused(Exception):
    """A request that is no statement: its status, code and words."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.code = code


def refused(problem: Refused) -> Response:
    return JSONResponse({"code": problem.code, "message": str(problem)}, problem.status)


def failed(problem: Failed, handle: str) -> Response:
    told = {
        "code": problem.code, "sqlState": problem.state, "message": str(problem),
        "statementHandle": handle, "statementStatusUrl": f"{PATH}/{handle}",
    }  # fmt: skip
    return JSONResponse(told, 422)


def cancelled(handle: str) -> Response:
    told = {
        "code": "000604", "sqlState": "57014", "message": "SQL execution canceled",
        "statementHandle": handle, "statementStatusUrl": f"{PATH}/{handle}",
    }  # fmt: skip
    return JSONResponse(told)


def stands(one: Statement, *, size: int, part: int = 0) -> Response:
    """How a statement stands; of what it gave, the partition ``part`` of ``size`` rows."""
    place = f"{PATH}/{one.handle}"
    if one.failed is not None:
        return failed(one.failed, one.handle)
    if one.told is None:
        told = {
            "code": "333334", "message": _AT_WORK, "statementHandle": one.handle,
            "statementStatusUrl": place,
        }  # fmt: skip
        return JSONResponse(told, 202)
    rows = one.told.rows
    parts = [rows[start : start + size] for start in range(0, len(rows), size)] or [()]
    if part >= len(parts):
        return refused(Refused(400, "391918", "The partition is out of range."))
    kinds = [{"name": name, "type": "text", "nullable": True} for name in one.told.columns]
    sizes = [{"rowCount": len(each), "uncompressedSize": len(json.dumps(each))} for each in parts]
    body: dict[str, Any] = {
        "resultSetMetaData": {
            "numRows": len(rows), "format": "jsonv2", "rowType": kinds, "partitionInfo": sizes,
        },
        "data": parts[part],
        "code": "090001",
        "statementStatusUrl": f"{place}?requestId={uuid4()}&partition={part}",
        "sqlState": "00000",
        "statementHandle": one.handle,
        "message": "Statement executed successfully.",
        "createdOn": one.began,
    }  # fmt: skip
    if one.told.stats is not None:
        body["stats"] = {**one.told.stats}
    return JSONResponse(body)

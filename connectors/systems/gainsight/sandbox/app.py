"""The sandbox as an ASGI application: the data API, its faults, and a ``/_control/`` door."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import hang
from connectors.sandboxes.serving import ends_with
from connectors.systems.gainsight.names import Names
from connectors.systems.gainsight.sandbox import asking, control, writing
from connectors.systems.gainsight.sandbox.asking import Refused
from connectors.systems.gainsight.sandbox.faults import faults
from connectors.systems.gainsight.sandbox.rules import Rules
from connectors.systems.gainsight.sandbox.tables import Tables
from connectors.systems.gainsight.sandbox.tokens import Door

DEFAULT_PORT: Final = 8435
ACCESS_KEY: Final = "sandbox-access-key"
CLIENT_ID: Final = "sandbox-oauth-key"
CLIENT_SECRET: Final = "sandbox-oauth-secret"  # noqa: S105  of a sandbox that holds nothing
_PAGE: Final = "<html><body>Gainsight is being maintained</body></html>"


@dataclass(frozen=True, slots=True)
class Config:
    """``parameters`` are the connection's; ``hook_url`` is where rules post, empty for nowhere."""

    access_key: str = ACCESS_KEY
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    parameters: Mapping[str, Any] = field(default_factory=dict)
    hook_url: str = ""
    hook_secret: str = ""
    state_path: str = ""


def build(config: Config | None = None) -> Starlette:
    """Serve it on loopback only."""
    sandbox = Sandbox(config or Config())
    methods = ["GET", "POST", "PUT", "DELETE"]

    app = Starlette(
        routes=[
            control.door(sandbox),
            Route("/{path:path}", sandbox.answer, methods=methods),
        ],
        lifespan=ends_with(sandbox.aclose),
    )
    app.state.sandbox = sandbox
    return app


class Sandbox:
    def __init__(self, config: Config) -> None:
        self._key = config.access_key
        self.tokens = Door(config.client_id, config.client_secret)
        names = Names.of(config.parameters)
        self.tables = Tables(names, Path(config.state_path) if config.state_path else None)
        self.faults = faults()
        self.rules = Rules(self.faults, url=config.hook_url, secret=config.hook_secret)
        self.counts: Counter[str] = Counter()
        self._later = Background()

    def reset(self) -> None:
        """No records and no faults; what is under way is dropped."""
        self._later.drop()
        self.faults.clear()
        self.counts.clear()
        self.tokens.reset()
        self.tables.reset()

    async def aclose(self) -> None:
        await self._later.aclose()
        await self.rules.aclose()

    async def answer(self, request: Request) -> Response:
        raw = await request.body()
        parts = request.path_params["path"].strip("/").split("/")
        work = _work(request.method, parts)
        self.counts[work] += 1
        stopped = await self._struck_before(request, work)
        if stopped is not None:
            return stopped
        if work == "sign_in":
            answer = self.tokens.sign_in(request.headers, raw)
            return HTMLResponse(_PAGE) if self.faults.hit("garbage", work) else answer
        if not self._knows(request):
            return _failed(Refused("GS_APIG_2401", "Unauthorized", status=401))
        key = request.query_params.get("keys", "")
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self._later.start(self._later_on(late.seconds, work, parts, raw, key))
            return await _never(request)
        done = self._done(work, parts, raw, key)
        lost = self.faults.hit("response_lost", work)
        if lost is not None:
            return await _never(request, lost.seconds)
        if self.faults.hit("garbage", work):
            return HTMLResponse(_PAGE)
        return done

    def _knows(self, request: Request) -> bool:
        key = request.headers.get("accesskey")
        return key == self._key if key is not None else self.tokens.let_in(request.headers)

    def _done(self, work: str, parts: list[str], raw: bytes, key: str) -> Response:
        try:
            body = json.loads(raw) if raw else {}
            return JSONResponse(_said(self._do(work, parts, body, key)))
        except Refused as refused:
            return _failed(refused)
        except ValueError:
            return _failed(Refused("GSOBJ_1023", "Invalid request body"))

    async def _later_on(
        self, seconds: float, work: str, parts: list[str], raw: bytes, key: str
    ) -> None:
        await asyncio.sleep(seconds)
        self._done(work, parts, raw, key)

    def _do(self, work: str, parts: list[str], body: Any, key: str) -> Any:
        if work == "describe":
            return [self._described(str(name)) for name in body.get("objectNames") or ()]
        name = self.tables.object(parts[-1]) if work in ("read", "insert", "update") else None
        if name is None:
            raise Refused("GS_APIG_1000", "No route matched with those values", status=404)
        if work == "read":
            return {"records": asking.query(self.tables, name, body)}
        left_out = None
        if len(body.get("records") or ()) > 1 and self.faults.hit("partial", work):
            left_out = body["records"].pop()
        if work == "insert":
            rows = writing.insert(self.tables, name, body)
            records = [{"Gsid": row["Gsid"]} for row in rows]
        else:
            rows = writing.update(self.tables, name, body, key)
            records = [
                {**sent, "Gsid": row["Gsid"]}
                for sent, row in zip(body["records"], rows, strict=True)
            ]
        self.tables.save()
        errors: list[list[dict[str, str]]] | None = None
        if left_out is not None:
            errors = [[] for _ in records]
            errors.append([{"errorMessage": "Failed to save the record", "fieldName": "Gsid"}])
        return {"count": len(records), "errors": errors, "records": records}

    def _described(self, asked: str) -> dict[str, Any]:
        name = self.tables.object(asked)
        if name is None:
            raise Refused("OBJECT_NOT_FOUND", "Requested object not found")
        fields = self.tables.schema[name].items()
        return {
            "objectName": name,
            "label": name,
            "fields": [
                {"fieldName": label, "label": label, "dataType": kind.partition("→")[0] or "LOOKUP"}
                for label, kind in fields
            ],
        }

    async def _struck_before(self, request: Request, work: str) -> Response | None:
        """The answer of a fault that keeps the call from being done, if one strikes."""
        await self.faults.wait(work)
        if self.faults.hit("down", work):
            return HTMLResponse(_PAGE, 503)
        for name, status in (("throttle", 429), ("throttle_200", 200)):
            if self.faults.hit(name, work):
                said = "Rate limit exceeded. Please try after some time."
                answer = _failed(Refused("GS_APIG_2404", said, status=status))
                if self.faults.retry_after is not None and status == 429:
                    answer.headers["retry-after"] = str(self.faults.retry_after)
                return answer
        if self.faults.hit("unauthorized", work):
            return _failed(Refused("GS_APIG_2401", "Unauthorized", status=401))
        if self.faults.hit("hang", work):
            return await _never(request)
        if self.faults.hit("refuse", work):
            return _failed(Refused("GSOBJ_1008", "Generic data validation error.", status=200))
        return None


def _work(method: str, parts: list[str]) -> str:
    if parts[:3] == ["v1", "data", "objects"] and len(parts) == 5 and parts[3] == "query":
        return "read"
    if parts[:3] == ["v1", "data", "objects"] and len(parts) == 4:
        return {"POST": "insert", "PUT": "update"}.get(method, "other")
    if parts == ["v1", "users", "m2m", "oauth", "token"]:
        return "sign_in"
    return "describe" if parts == ["v1", "meta", "services", "objects", "describe"] else "other"


def _said(data: Any) -> dict[str, Any]:
    return {
        "result": True,
        "errorCode": None,
        "errorDesc": None,
        "requestId": str(uuid4()),
        "data": data,
        "message": None,
    }


def _failed(refused: Refused) -> Response:
    data = None
    if refused.errors is not None:
        data = {"count": 0, "errors": refused.errors, "records": None}
    body = {
        "result": False,
        "errorCode": refused.code,
        "errorDesc": refused.said,
        "requestId": str(uuid4()),
        "data": data,
        "message": None,
    }
    return JSONResponse(body, status_code=refused.status)


async def _never(request: Request, seconds: float = 0) -> Response:
    await hang(request, seconds)
    return HTMLResponse(_PAGE, 504)

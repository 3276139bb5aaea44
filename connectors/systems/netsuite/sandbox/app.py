"""The sandbox as an ASGI application, with its faults and its own ``/_control/`` door."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.contract import Settings
from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import Fault, Faults, hang
from connectors.sandboxes.serving import ends_with
from connectors.systems.netsuite.sandbox import control, entities, oauth
from connectors.systems.netsuite.sandbox.jobs import Jobs
from connectors.systems.netsuite.sandbox.ledger import TYPES, Ledger, Refusal
from connectors.systems.netsuite.sandbox.store import QueryInvalid, Store

_RECORD: Final = re.compile(
    r"/services/rest/record/v1/(?P<record>[A-Za-z]+)(?:/(?P<eid>eid:)?(?P<id>[A-Za-z0-9_-]+))?"
)
_JOB: Final = re.compile(
    r"/services/rest/async/v1/job/(?P<job>[0-9]+)(?P<task>/task(?:/1(?P<result>/result)?)?)?/?"
)
_QUERY: Final = "/services/rest/query/v1/suiteql"
_TYPE: Final = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
_TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    429: "Too Many Requests",
}
_INVALID_LOGIN: Final = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
    "Setup > Users/Roles > User Management > View Login Audit Trail."
)
_SCOPES: Final = {
    "down": "any",
    "slow": "any",
    "hang": "any",
    "throttle": "any",
    "throttle_400": "call",
    "unauthorized": "any",
    "login_under_load": "call",
    "response_lost": "write",
    "late_commit": "write",
    "garbage": "any",
}


def build(config: Mapping[str, Any] | None = None) -> Starlette:
    """
    ``config``: ``client_id``, ``certificate_id``, ``private_key`` (of which it takes the public
    half), those of ``oauth.TOKENS`` and ``state_file``; all are optional.
    """
    sandbox = Sandbox(config or {})
    app = Starlette(
        routes=[
            control.door(sandbox),
            Route("/{path:path}", sandbox.answer, methods=["GET", "POST", "PUT", "PATCH"]),
        ],
        lifespan=ends_with(sandbox.later.aclose),
    )
    app.state.sandbox = sandbox
    return app


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """A sandbox that the connection's own key opens. NetSuite tells nobody: hooks stay unused."""
    return build(
        {
            "client_id": settings.secrets.get("client_id"),
            "private_key": settings.secrets.get("private_key"),
            "certificate_id": settings.parameters.get("certificate_id"),
            **{name: settings.secrets.get(name) for name in oauth.TOKENS},
            "state_file": state_path,
        }
    )


class Sandbox:
    """
    Kinds of work: ``sign_in``; ``search`` (SuiteQL); ``create`` (records); ``job``. ``call`` stands
    for all but the first, ``write`` for records.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.faults = Faults(
            _SCOPES, wider={"write": ("create",), "call": ("search", "create", "job")}
        )
        self.counts: Counter[str] = Counter()
        self.later = Background()
        self.store = Store(str(config.get("state_file") or ""))
        self.ledger = Ledger(self.store)
        self.door = oauth.Door(config)
        self.jobs = Jobs()

    def reset(self) -> None:
        """Empty books without faults; what is under way is dropped."""
        self.later.drop()
        self.faults.clear()
        self.counts.clear()
        self.store.reset()
        self.jobs = Jobs()
        self.ledger.approvals = False

    async def answer(self, request: Request) -> Response:
        raw = await request.body()
        path = request.url.path
        work = _work(path)
        self.counts[work] += 1
        stopped = await self._before(request, work, raw)
        if stopped is not None:
            return stopped
        answer = self.do(request, raw)
        lost = self.faults.hit("response_lost", work)
        if lost is not None:
            await hang(request, lost.seconds)
            return _html(504)
        if self.faults.hit("garbage", work):
            return _html(200)
        return answer

    async def _before(self, request: Request, work: str, raw: bytes) -> Response | None:
        """The answer of a fault that keeps the call from being done, if one strikes."""
        await self.faults.wait(work)
        if self.faults.hit("down", work):
            return _html(503)
        if self.faults.hit("throttle", work):
            return self._throttled(429, "CONCURRENCY_LIMIT_EXCEEDED")
        if self.faults.hit("throttle_400", work):
            return self._throttled(400, "SSS_REQUEST_LIMIT_EXCEEDED")
        if self.faults.hit("unauthorized", work):
            return JSONResponse({"error": "invalid_client"}, 401)
        if self.faults.hit("login_under_load", work):
            return error(401, _INVALID_LOGIN, "INVALID_LOGIN")
        if self.faults.hit("hang", work):
            await hang(request)
            return _html(504)
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self.later.start(self._late(late, request, raw))
            await hang(request)
            return _html(504)
        return None

    async def _late(self, late: Fault, request: Request, raw: bytes) -> None:
        await asyncio.sleep(late.seconds)
        self.do(request, raw)

    def _throttled(self, status: int, code: str) -> Response:
        answer = error(status, "Concurrent request limit exceeded. Request blocked.", code)
        if self.faults.retry_after is not None:
            answer.headers["retry-after"] = str(self.faults.retry_after)
        return answer

    def do(self, request: Request, raw: bytes) -> Response:
        path = request.url.path
        if path == oauth.PATH:
            try:
                return JSONResponse(self.door.sign_in(dict(parse_qsl(raw.decode("ascii")))))
            except oauth.Refused as refused:
                return JSONResponse({"error": str(refused)}, 400)
        if not self.door.admits(request):
            return error(401, _INVALID_LOGIN, "INVALID_LOGIN")
        try:
            body = json.loads(raw, parse_float=Decimal) if raw else {}
        except ValueError:
            return error(400, "The body is no JSON.", "INVALID_CONTENT")
        job, record = _JOB.fullmatch(path), _RECORD.fullmatch(path)
        if path == _QUERY and request.method == "POST":
            return self._query(request, body)
        if job is not None and request.method == "GET":
            return self.jobs.shown(job["job"], task=bool(job["task"]), result=bool(job["result"]))
        if record is not None:
            return self._record(request, record, body)
        return error(404, "The requested resource does not exist.", "NONEXISTENT_ID")

    def _query(self, request: Request, body: Mapping[str, Any]) -> Response:
        if request.headers.get("prefer") != "transient":
            return error(400, "Missing the header Prefer: transient.", "INVALID_HEADER")
        limit = int(request.query_params.get("limit", 1000))
        offset = int(request.query_params.get("offset", 0))
        if not 1 <= limit <= 1000 or offset % limit:
            return error(400, "The offset must be divisible by the limit.", "INVALID_PARAMETER")
        try:
            items, more = self.store.suiteql(str(body.get("q")), limit=limit, offset=offset)
        except QueryInvalid as invalid:
            return error(400, str(invalid), "INVALID_PARAMETER")
        shown: list[dict[str, Any]] = [{"links": [], **item} for item in items]
        told = {"links": [], "count": len(items), "hasMore": more, "items": shown, "offset": offset}
        return JSONResponse(told | {"totalResults": offset + len(items) + more})

    def _record(self, request: Request, match: re.Match[str], body: Mapping[str, Any]) -> Response:
        strict = request.headers.get("x-netsuite-propertynamevalidation") == "Error"
        if not strict:
            return error(400, "This sandbox wants strict property names.", "INVALID_HEADER")
        background = request.headers.get("prefer") == "respond-async"
        if background and request.method == "POST":
            key = request.headers.get("x-netsuite-idempotency-key", "")
            known = self.jobs.of_key(key)
            if known:
                return self.jobs.conflict(known)
            return self.jobs.taken(key, lambda: self._write(request.method, match, body))
        return self._write(request.method, match, body)

    def _write(self, method: str, match: re.Match[str], body: Mapping[str, Any]) -> Response:
        record, number = match["record"], match["id"]
        try:
            if method == "POST" and record in TYPES and number is None:
                made = self.ledger.create(record, body)
                self.store.db.commit()
                place = f"/services/rest/record/v1/{record}/{made}"
                return Response(status_code=204, headers={"location": place})
            if method == "PUT" and record == "customer" and match["eid"]:
                entities.upsert(self.store, number, body)
            elif method == "PATCH" and record == "customer" and number and not match["eid"]:
                entities.update(self.store, int(number), body)
            else:
                return error(404, "The requested resource does not exist.", "NONEXISTENT_ID")
        except Refusal as refusal:
            self.store.db.rollback()
            return error(400, refusal.detail, refusal.code, path=refusal.path)
        self.store.db.commit()
        return Response(status_code=204)


def _work(path: str) -> str:
    if path == oauth.PATH:
        return "sign_in"
    if path == _QUERY:
        return "search"
    return "job" if path.startswith("/services/rest/async/") else "create"


def error(status: int, detail: str, code: str, *, path: str = "") -> JSONResponse:
    details = {"detail": detail, "o:errorCode": code} | ({"o:errorPath": path} if path else {})
    title = _TITLES.get(status, "Error")
    return JSONResponse(
        {"type": _TYPE, "title": title, "status": status, "o:errorDetails": [details]}, status
    )


def _html(status: int) -> Response:
    return Response(f"<html><body>{status}</body></html>", status, media_type="text/html")

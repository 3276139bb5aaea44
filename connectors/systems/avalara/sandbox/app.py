"""The sandbox as an ASGI application: the transactions of the REST API, and ``/_control/``."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connectors.caller import pairs
from connectors.sandboxes import door as doors
from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import ANY, Faults, hang
from connectors.sandboxes.serving import ends_with
from connectors.systems.avalara.sandbox.asking import fits, shown
from connectors.systems.avalara.sandbox.engine import Obj
from connectors.systems.avalara.sandbox.ledger import RECORDED, Ledger, Refused, totals

DEFAULT_PORT: Final = 8442
ACCOUNT: Final = "1100000001"
LICENSE: Final = "sandbox-license-key"
COMPANIES: Final = "US-INC=DEFAULT"
_SCOPES: Final = {
    "down": ANY,
    "throttle": ANY,
    "slow": ANY,
    "garbage": ANY,
    "unauthorized": ANY,
    "failed": "write",
    "commit_failed": "commit",
    "response_lost": "write",
    "late_commit": "write",
    "rates_changed": "create",
}
_OF_COMPANY: Final = re.compile(r"companies/([^/]+)/transactions(?:/([^/]+)(/.*)?)?")


@dataclass(frozen=True, slots=True)
class Config:
    account: str = ACCOUNT
    license: str = LICENSE
    companies: str = COMPANIES
    state_path: str = ""


def build(config: Config | None = None) -> Starlette:
    """Serve it on loopback only."""
    sandbox = Sandbox(config or Config())

    app = Starlette(
        routes=[
            sandbox.door(),
            Route("/api/v2/{path:path}", sandbox.answer, methods=["GET", "POST"]),
        ],
        lifespan=ends_with(sandbox.later.aclose),
    )
    app.state.sandbox = sandbox
    return app


class Sandbox:
    def __init__(self, config: Config) -> None:
        login = f"{config.account}:{config.license}"
        self._proof = f"Basic {base64.b64encode(login.encode()).decode()}"
        companies = list(dict.fromkeys(pairs(config.companies).values())) or ["DEFAULT"]
        path = Path(config.state_path) if config.state_path else None
        self.ledger = Ledger(companies, path)
        self.faults = Faults(_SCOPES)
        self.later = Background()

    def door(self) -> Any:
        def state() -> Any:
            rows = self.ledger.rows
            return {"counts": {"transaction": len(rows)}, "transactions": list(rows.values())}

        def reset(request: Request, value: Any) -> Any:
            self.later.drop()
            self.ledger.reset()
            self.faults.clear()
            return {"reset": True}

        def counted(request: Request, value: Any) -> Any:
            return totals(self.ledger, **request.query_params)

        def play(request: Request, value: Any) -> Any:
            name = request.path_params["name"]
            if name == "customers":
                return {"made": [self._sale(**value) for _ in range(int(value.pop("count", 1)))]}
            if name == "lock":
                return {"locked": self.ledger.lock(value["code"])["code"]}
            raise ValueError(f"There is no scenario “{name}”; there are customers and lock.")

        return doors.door(
            self.faults,
            state,
            {
                "GET totals": counted,
                "POST reset": reset,
                "POST scenario/{name}": play,
            },
            refused=(Refused,),
        )

    def _sale(self, *, date: str = "2026-01-15", region: str = "TX", amount: float = 100) -> str:
        """A committed invoice that somebody else recorded."""
        made = self.ledger.create({
            "code": f"INV-{len(self.ledger.rows) + 1:05d}", "type": "SalesInvoice", "date": date,
            "customerCode": "someone", "currencyCode": "USD", "commit": True,
            "addresses": {"singleLocation": {"country": "US", "region": region}},
            "lines": [{"number": "1", "amount": amount}],
        })  # fmt: skip
        return str(made["code"])

    async def answer(self, request: Request) -> Response:
        done = await self._answered(request)
        # Avalara's own library relies on these.
        done.headers["x-correlation-id"] = str(uuid4())
        done.headers["serverduration"] = "00:00:00.0010000"
        return done

    async def _answered(self, request: Request) -> Response:
        body = await request.body()
        path = _plain(request.path_params["path"].strip("/"))
        work = "read" if request.method == "GET" else "write"
        stopped = await self._struck_before(request, path, work)
        if stopped is not None:
            return stopped
        signed_in = request.headers.get("authorization") == self._proof
        if path == "utilities/ping":
            return JSONResponse({"version": "26.7.0", "authenticated": signed_in})
        if not signed_in:
            return error(
                Refused("Authentication failed.", "AuthenticationException", 30, status=401)
            )
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self.later.start(self._later_on(late.seconds, request, path, body))
            await hang(request)
            return PlainTextResponse("gateway timeout", 504)
        done = self._done(request, path, body)
        lost = self.faults.hit("response_lost", work)
        if lost is not None:
            await hang(request, lost.seconds)
            return PlainTextResponse("gateway timeout", 504)
        if self.faults.hit("garbage", work):
            return PlainTextResponse("<html>Maintenance</html>")
        return done

    async def _later_on(self, seconds: float, request: Request, path: str, body: bytes) -> None:
        await asyncio.sleep(seconds)
        self._done(request, path, body)

    def _done(self, request: Request, path: str, body: bytes) -> Response:
        try:
            if request.method == "GET":
                return JSONResponse(self._read(path, request.query_params))
            made = self._write(path, json.loads(body), request.query_params)
        except Refused as refused:
            return error(refused)
        except (ValueError, KeyError, TypeError) as wrong:
            return error(
                Refused(f"The request is not valid: {wrong}", "ModelRequiredException", 41)
            )
        status = 201 if path == "transactions/create" else 200
        return JSONResponse(shown(made, request.query_params.get("$include", "")), status)

    def _read(self, path: str, given: Mapping[str, str]) -> Obj:
        found = _OF_COMPANY.fullmatch(path)
        if found is None:
            raise Refused("There is no such address.", "EntityNotFoundError", 4, status=404)
        include = given.get("$include", "")
        if found[2]:
            kind = (found[3] or "").removeprefix("/types/") or RECORDED[0]
            return shown(self.ledger.get(_code(found[1]), _code(found[2]), kind), include)
        company = self.ledger.company(_code(found[1]))
        rows = [row for row in self.ledger.of(company) if fits(row, given.get("$filter", ""))]
        order, _, way = given.get("$orderBy", "id ASC").partition(" ")
        rows.sort(key=lambda row: row[order], reverse=way.upper() == "DESC")
        top, skip = int(given.get("$top", "1000")), int(given.get("$skip", "0"))
        told: Obj = {
            "@recordsetCount": len(rows),
            "value": [shown(row, include) for row in rows[skip : skip + top]],
        }
        if skip + top < len(rows):
            told["@nextLink"] = f"?{urlencode({**given, '$skip': skip + top})}"
        return told

    def _write(self, path: str, given: Any, asked: Mapping[str, str]) -> Obj:
        if path == "transactions/create":
            self.ledger.rates_changed = bool(self.faults.hit("rates_changed", "create"))
            return self.ledger.create(given)
        found = _OF_COMPANY.fullmatch(path)
        kind = asked.get("documentType", RECORDED[0])
        if found and found[3] == "/commit":
            return self.ledger.commit(_code(found[1]), _code(found[2]), kind)
        if found and found[3] == "/void":
            return self.ledger.void(_code(found[1]), _code(found[2]), kind)
        raise Refused("There is no such address.", "EntityNotFoundError", 4, status=404)

    async def _struck_before(self, request: Request, path: str, work: str) -> Response | None:
        """The answer of a fault that keeps the call from being done, if one strikes."""
        await self.faults.wait(work)
        if self.faults.hit("down", work):
            return PlainTextResponse("Service unavailable", 503)
        if self.faults.hit("throttle", work):
            said = "The request limit is exceeded."
            answer = error(Refused(said, "RequestLimitExceeded", 1715, status=429))
            if self.faults.retry_after is not None:
                answer.headers["Retry-After"] = str(self.faults.retry_after)
            return answer
        if self.faults.hit("unauthorized", work):
            return error(
                Refused("Authentication failed.", "AuthenticationException", 30, status=401)
            )
        if self.faults.hit("failed", work) or (
            path.endswith("/commit") and self.faults.hit("commit_failed", "commit")
        ):
            return error(
                Refused("An unexpected error occurred.", "ServerConfiguration", 1, status=500)
            )
        return None


def _plain(path: str) -> str:
    """Codes as they are, where AvaTax wants their characters written in its own way."""
    for said in ("25", "2b", "3f", "23"):
        path = path.replace(f"_-ava{said}-_", chr(int(said, 16)))
    return path


def _code(written: str) -> str:
    """A slash would part the address, so it is read last."""
    return written.replace("_-ava2f-_", "/")


def _unknown() -> Response:
    return error(Refused("Authentication failed.", "AuthenticationException", 30, status=401))


def error(refused: Refused) -> Response:
    detail = {
        "code": refused.code, "number": refused.number, "message": str(refused),
        "description": refused.more, "faultCode": "Client", "severity": "Error",
        "helpLink": f"http://developer.avalara.com/avatax/errors/{refused.code}",
    }  # fmt: skip
    body = {"code": refused.code, "message": str(refused), "target": "Unknown", "details": [detail]}
    return JSONResponse({"error": body}, refused.status)

"""The sandbox as an ASGI application, with its faults and its own ``/_control/`` door."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connectors.contract import Settings
from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import Fault, Faults, hang
from connectors.sandboxes.serving import ends_with
from connectors.systems.oracle_fusion.sandbox import asking, chart, control, documents
from connectors.systems.oracle_fusion.sandbox.ledger import Pod, packed

USERNAME: Final = "revops.integration"
PASSWORD: Final = "sandbox-password"  # noqa: S105 - of a server that holds nothing
_FSCM: Final = "/fscmRestApi/resources/11.13.18.05/"
_CRM: Final = "/crmRestApi/resources/11.13.18.05/"
_SCHEDULER: Final = "/ess/rest/scheduler/v1/requests"
_SOAP: Final = "/crmService/CustomerAccountService"
_FINDER: Final = re.compile(r"(?P<name>\w+);(?P<variables>.*)")
_FIELD: Final = re.compile(r"<svc:(\w+)>([^<]*)</svc:\1>")
_ADDRESS: Final = frozenset(("AddressLine1", "AddressLine2", "City", "PostalCode", "State"))
_TABLES: Final = {
    "journalBatches": "batches",
    "receivablesInvoices": "receivablesInvoices",
    "receivablesCreditMemos": "receivablesCreditMemos",
    "standardReceipts": "standardReceipts",
    "accountingPeriodStatusLOV": "periods",
}
_CHILDREN: Final = frozenset(
    (
        *("journalHeaders", "journalLines", "receivablesInvoiceDistributions"),
        *("receivablesCreditMemoDistributions", "receivablesInvoiceLines"),
        "receivablesCreditMemoLines",
    )
)
_SCOPES: Final = {
    "down": "any",
    "maintenance": "any",
    "slow": "any",
    "hang": "any",
    "throttle": "any",
    "unauthorized": "any",
    "half_done": "post",
    "wrong_account": "import",
    "import_waits": "import",
    "response_lost": "write",
    "late_commit": "write",
    "garbage": "any",
}


def build(config: Mapping[str, Any] | None = None) -> Starlette:
    """``config``: ``username``, ``password`` and ``state_file``; all are optional."""
    sandbox = Sandbox(config or {})
    app = Starlette(
        routes=[
            control.door(sandbox),
            Route("/{path:path}", sandbox.answer, methods=["GET", "POST", "PATCH"]),
        ],
        lifespan=ends_with(sandbox.later.aclose),
    )
    app.state.sandbox = sandbox
    return app


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """A sandbox that the connection's own password opens; callbacks stay unused."""
    return build(
        {
            "username": settings.parameters.get("username"),
            "password": settings.secrets.get("password"),
            "state_file": state_path,
        }
    )


class Sandbox:
    """
    Kinds of work: ``search``; ``import`` (a file) and ``document``, which ``write`` stands for;
    ``post`` (automatic posting); ``customer``.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.faults = Faults(_SCOPES, wider={"write": ("import", "document")})
        self.counts: Counter[str] = Counter()
        self.later = Background()
        user = str(config.get("username") or USERNAME)
        self.pod = Pod(str(config.get("state_file") or ""), submitter=user)
        login = f"{user}:{config.get('password') or PASSWORD}"
        self._basic = f"Basic {base64.b64encode(login.encode()).decode('ascii')}"

    def reset(self) -> None:
        """Empty books without faults; what is under way is dropped."""
        self.later.drop()
        self.faults.clear()
        self.counts.clear()
        self.pod.reset()

    async def answer(self, request: Request) -> Response:
        raw = await request.body()
        work = _work(request, raw)
        self.counts[work] += 1
        stopped = await self._before(request, work, raw)
        if stopped is not None:
            return stopped
        answer = self.do(request, raw, work)
        lost = self.faults.hit("response_lost", work)
        if lost is not None:
            await hang(request, lost.seconds)
            return PlainTextResponse("Gateway timeout", 504)
        if self.faults.hit("garbage", work):
            return Response("<html><body>It works!</body></html>", media_type="text/html")
        return answer

    async def _before(self, request: Request, work: str, raw: bytes) -> Response | None:
        """The answer of a fault that keeps the call from being done, if one strikes."""
        await self.faults.wait(work)
        if self.faults.hit("down", work):
            return PlainTextResponse("Service unavailable", 503)
        if self.faults.hit("maintenance", work):
            return PlainTextResponse("Maintenance: the service is not available now.", 503)
        if self.faults.hit("half_done", work):
            return PlainTextResponse("Service unavailable", 503)
        if self.faults.hit("throttle", work):
            answer = PlainTextResponse("Too many requests", 429)
            if self.faults.retry_after is not None:
                answer.headers["retry-after"] = str(self.faults.retry_after)
            return answer
        if self.faults.hit("unauthorized", work):
            return PlainTextResponse("Unauthorized", 401)
        if self.faults.hit("hang", work):
            await hang(request)
            return PlainTextResponse("Gateway timeout", 504)
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self.later.start(self._late(late, request, raw, work))
            await hang(request)
            return PlainTextResponse("Gateway timeout", 504)
        return None

    async def _late(self, late: Fault, request: Request, raw: bytes, work: str) -> None:
        await asyncio.sleep(late.seconds)
        self.do(request, raw, work)

    def do(self, request: Request, raw: bytes, work: str) -> Response:
        if request.headers.get("authorization") != self._basic:
            return PlainTextResponse("Unauthorized", 401)
        path = request.url.path
        if path == _SOAP:
            return self._soap(raw.decode("utf-8", "replace"))
        try:
            body = json.loads(raw, parse_float=Decimal) if raw else {}
            answer = self._rest(request, path, body, work)
        except (documents.Refusal, asking.QueryInvalid) as refusal:
            return _refused(400, str(refusal))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            return _refused(400, f"The request cannot be read: {error!r}")
        if request.method != "GET":
            self.pod.save()
        return answer

    def _rest(self, request: Request, path: str, body: Mapping[str, Any], work: str) -> Response:
        asked = request.query_params
        if path.startswith(_CRM):
            return self._crm(request, path.removeprefix(_CRM), body)
        if path == _SCHEDULER and request.method == "GET":
            return _scheduled(self.pod, asked.get("q", ""))
        name = path.removeprefix(_FSCM)
        if name == "erpintegrations" and request.method == "POST":
            return self._submitted(body, work)
        if name == "erpintegrations":
            return self._finder(asked.get("finder", ""))
        if request.method == "POST" and name in documents.FIELDS:
            return JSONResponse(json.loads(_json(documents.create(self.pod, name, body))), 201)
        if request.method == "GET" and name == "ledgersLOV":
            rows = [{"LedgerId": one, "CurrencyCode": code} for one, code, _, _ in chart.LEDGERS]
            return _listed(rows, asked)
        if request.method == "GET" and name == f"valueSets/{chart.VALUE_SET}/child/values":
            flags = {True: "N", False: "Y"}
            values = [
                {"Value": one, "EnabledFlag": flags[one in self.pod.disabled]}
                for one in chart.ACCOUNTS
            ]
            return _listed(values, asked)
        if request.method == "GET" and name in _TABLES:
            return _listed(self.pod.tables[_TABLES[name]], asked)
        return _refused(404, "Not Found")

    def _submitted(self, body: Mapping[str, Any], work: str) -> Response:
        self.pod.waits = self.faults.hit("import_waits", work) is not None
        silent = self.faults.hit("wrong_account", work) is not None
        number = self.pod.submit(body, silent=silent)
        told = {"OperationName": body.get("OperationName"), "ReqstId": number}
        return JSONResponse(told, 201)

    def _finder(self, finder: str) -> Response:
        found = _FINDER.fullmatch(finder)
        pairs = found["variables"].split(",") if found else []
        told = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
        rows = [one for one in self.pod.tables["requests"] if one["id"] == told.get("requestId")]
        if found is None or not rows:
            return JSONResponse({"items": [{"RequestStatus": ""}], "count": 1, "hasMore": False})
        if found["name"] == "ESSJobStatusRF":
            item = {"ReqstId": rows[0]["id"], "RequestStatus": rows[0]["RequestStatus"]}
        elif found["name"] == "ESSJobExecutionDetailsRF":
            item = {"ReqstId": rows[0]["id"], "DocumentContent": packed(rows[0]["log"])}
        else:
            return _refused(400, f"The finder {found['name']} doesn't exist.")
        return JSONResponse({"items": [item], "count": 1, "hasMore": False})

    def _crm(self, request: Request, name: str, body: Mapping[str, Any]) -> Response:
        table = self.pod.tables["accounts"]
        if name == "accounts" and request.method == "GET":
            return _listed(table, request.query_params)
        if name == "accounts" and request.method == "POST":
            if not _ADDRESS.isdisjoint(body) and not body.get("Country"):
                return _refused(400, "You must provide a value for Country.")
            number = self.pod.number()
            row = {
                "PartyId": number, "PartyNumber": f"P{number}", "AccountNumber": None,
                "Comments": None, "OrganizationName": "", **body,
            }  # fmt: skip
            table.append(row)
            return JSONResponse(row, 201)
        held = next((one for one in table if name == f"accounts/{one['PartyNumber']}"), None)
        if held is None or request.method != "PATCH":
            return _refused(404, "Not Found")
        tax = str(body.get("TaxpayerIdentificationNumber") or "")
        if tax and not tax.isalnum():
            return _refused(400, f"The taxpayer identification number {tax} isn't valid.")
        held |= body
        return JSONResponse(held)

    def _soap(self, text: str) -> Response:
        fields = dict(_FIELD.findall(text))
        held = [
            one
            for one in self.pod.tables["accounts"]
            if str(one["PartyId"]) == fields.get("PartyId")
        ]
        if not held or not fields.get("CreatedByModule"):
            fault = "JBO-27024: Failed to validate a row with key null"
            inside = f"<env:Fault><faultstring>{fault}</faultstring></env:Fault>"
            return Response(_envelope(inside), 500, media_type="text/xml")
        number = str(self.pod.number())
        held[0]["AccountNumber"] = number
        self.pod.save()
        inside = f"<ns0:AccountNumber>{number}</ns0:AccountNumber>"
        return Response(_envelope(inside), media_type="text/xml")


def _envelope(inside: str) -> str:
    return f'<env:Envelope xmlns:env="e"><env:Body>{inside}</env:Body></env:Envelope>'


def _work(request: Request, raw: bytes) -> str:
    path = request.url.path
    if request.method == "GET":
        return "search"
    if path == _SOAP or path.startswith(_CRM):
        return "customer"
    if path.endswith("/erpintegrations"):
        return "post" if b"AutomaticPosting" in raw else "import"
    return "document"


def _scheduled(pod: Pod, query: str) -> Response:
    """Requests of Enterprise Scheduler; its items name no page."""
    test = asking.test(asking.of_scim(query)) if query else None
    rows = [one for one in map(pod.scheduled, pod.tables["requests"]) if test is None or test(one)]
    return JSONResponse({"items": rows, "count": len(rows)})


def _listed(rows: list[dict[str, Any]], asked: Mapping[str, str]) -> Response:
    query = asked.get("q", "")
    test = asking.test(query) if query else None
    found = [row for row in rows if test is None or test(row)]
    order = asked.get("orderBy", "")
    if order:
        found.sort(key=lambda row: row[order])
    limit, offset = int(asked.get("limit", 25)), int(asked.get("offset", 0))
    if not 1 <= limit <= 500:
        raise asking.QueryInvalid("The limit must be between 1 and 500.")
    shown = [_expanded(row, asked.get("expand", "")) for row in found[offset : offset + limit]]
    told = {"items": shown, "count": len(shown), "hasMore": offset + limit < len(found)}
    return Response(_json(told | {"limit": limit, "offset": offset}), media_type="application/json")


def _expanded(row: Mapping[str, Any], expand: str) -> dict[str, Any]:
    """Children are there when they were asked for, as a collection of their own."""
    first, _, rest = expand.partition(".")
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if name not in _CHILDREN:
            shown[name] = value
        elif name == first:
            items = [_expanded(one, rest) for one in value]
            shown[name] = {"items": items, "count": len(items), "hasMore": False}
    return shown


def _json(value: Any) -> str:
    return json.dumps(value, default=str)


def _refused(status: int, words: str) -> Response:
    details = [{"detail": words, "o:errorPath": ""}]
    return JSONResponse({"title": "Error", "status": status, "o:errorDetails": details}, status)

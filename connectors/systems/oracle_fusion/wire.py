"""
Fusion's wire forms and the one way in which this connector calls it: REST of Financials and of
CX, and one SOAP service, for which there is no REST. HTTP Basic over TLS for all of them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

from connectors import caller
from connectors.caller import Caller, encode, garbled, quoted
from connectors.contract import Outcome, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.systems.oracle_fusion import answers

Row = Mapping[str, Any]

SYSTEM: Final = "Fusion"
FSCM: Final = "/fscmRestApi/resources/11.13.18.05"
CRM: Final = "/crmRestApi/resources/11.13.18.05"
SCHEDULER: Final = "/ess/rest/scheduler/v1/requests"
ACCOUNTS: Final = "/crmService/CustomerAccountService"
PAGE: Final = 100
# Version 1 is the default and reads ``q`` in another way.
_VERSION: Final = "4"
_SERVICE: Final = "http://xmlns.oracle.com/apps/cdm/foundation/parties/customerAccountService/"
_TYPES: Final = f"{_SERVICE}applicationModule/types/"
_PART: Final = re.compile(r"[A-Za-z0-9 _.#$-]{0,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unit:
    """Where a legal entity's books are in Fusion: ``company`` is its segment's value."""

    ledger: str
    business_unit: str
    company: str


def minor(value: Any, digits: int) -> int:
    """Minor units of a number or its text, 0 for none. Raises Problem when it is no such amount."""
    return 0 if value in (None, "") else caller.amount(SYSTEM, value, digits)


def text(row: Row, name: str) -> str:
    """The attribute, which must be there. Raises Problem with its name."""
    return caller.needed(SYSTEM, row, name)


def children(row: Row, name: str) -> list[Row]:
    """The expanded children of a record. Raises Problem when they are not there whole."""
    held = row.get(name)
    items = held.get("items") if isinstance(held, Mapping) else held
    cut = isinstance(held, Mapping) and held.get("hasMore") is True
    if not isinstance(items, list) or cut or not all(isinstance(one, Mapping) for one in items):
        raise garbled(SYSTEM, f"answer does not hold all of “{name}”.")
    return items


def any_of(name: str, values: Iterable[str]) -> str:
    """``q`` for a column that has one of the values; none of them: for one that nothing has."""
    return " or ".join(f"{name}={quoted(value)}" for value in values) or f"{name}='-'"


class Fusion(Caller):
    """One connection's pod."""

    def __init__(self, client: Client, settings: Settings) -> None:
        super().__init__(client, settings)
        told = settings.parameters
        self.username = self.said("username")
        self.units = units(str(told.get("books") or ""))
        self.pattern = str(told.get("account_pattern") or "{company}-{account}-000")
        self.value_set = str(told.get("account_value_set") or "")
        self.document_account = str(told.get("document_account") or "fin$/journal$/import$")
        self.data_access_set = str(told.get("data_access_set") or "#NULL")
        self.journal_source = str(told.get("journal_source") or "RevOps")
        self.journal_category = str(told.get("journal_category") or "RevOps")
        self.autopost = str(told.get("autopost_criteria") or "")
        self.transaction_source = str(told.get("transaction_source") or "RevOps")
        self.invoice_type = str(told.get("invoice_type") or "Invoice")
        self.credit_type = str(told.get("credit_type") or "Credit Memo")
        self.payment_terms = str(told.get("payment_terms") or "IMMEDIATE")
        self.receivable = str(told.get("receivable_account") or "1100")
        self.receipt_methods = dict(_pairs(str(told.get("receipt_methods") or "")))
        login = f"{self.username}:{settings.secrets.get('password', '')}"
        self._basic = f"Basic {base64.b64encode(login.encode()).decode('ascii')}"
        if "{account}" not in self.pattern or not self.units:
            reason = "The connection names no books, or no place of the account in a combination."
            raise Problem(Outcome.REFUSED, "parameter", reason)

    def combination(self, account: str, unit: Unit) -> str:
        return self.pattern.replace("{account}", account).replace("{company}", unit.company)

    def account_of(self, combination: str) -> str:
        """The natural account of a combination; what does not fit the pattern stays as it is."""
        parts, held = self.pattern.split("-"), combination.split("-")
        place = next((n for n, part in enumerate(parts) if part == "{account}"), None)
        if place is None or len(parts) != len(held):
            return combination
        return held[place]

    def unit_of(self, ledger: str) -> str:
        """The legal entity whose books a ledger holds, “” for one that is none of ours."""
        return next((code for code, unit in self.units.items() if unit.ledger == ledger), "")

    async def rows(
        self,
        resource: str,
        *,
        q: str = "",
        expand: str = "",
        order: str = "",
        root: str = FSCM,
        most: int | None = None,
        offset: int = 0,
    ) -> list[Row]:
        """All items, or ``most`` of them from ``offset``."""
        found: list[Row] = []
        params = {"onlyData": "true", "limit": str(min(PAGE, most or PAGE))}
        params |= {
            name: value
            for name, value in (("q", q), ("expand", expand), ("orderBy", order))
            if value
        }
        while True:
            told = params | {"offset": str(offset + len(found))}
            answer = answers.of(
                await self._call("GET", f"{root}/{resource}", params=told), write=False
            )
            items = answer.get("items")
            if not isinstance(items, list) or not all(isinstance(one, Mapping) for one in items):
                raise garbled(SYSTEM, f"answer lists no {resource}.")
            found += items
            if answer.get("hasMore") is not True or not items or (most and len(found) >= most):
                return found

    async def finder(self, finder: str, **variables: str) -> list[Row]:
        """Of ``erpintegrations``, which has nothing but finders."""
        told = ",".join(f"{name}={value}" for name, value in variables.items())
        params = {"finder": f"{finder};{told}"}
        answer = await self._call("GET", f"{FSCM}/erpintegrations", params=params)
        items = answers.of(answer, write=False).get("items")
        if not isinstance(items, list) or not all(isinstance(one, Mapping) for one in items):
            raise garbled(SYSTEM, "answer does not say how a request stands.")
        return items

    async def scheduled(self, q: str) -> list[Row]:
        """Requests of Enterprise Scheduler by a filter as of SCIM, the oldest first."""
        fields = "requestId,state,jobDefinitionId,submissionTime"
        params = {"q": q, "fields": fields, "orderBy": "submissionTime:asc"}
        answer = answers.of(await self._call("GET", SCHEDULER, params=params), write=False)
        items = answer.get("items")
        if not isinstance(items, list) or not all(isinstance(one, Mapping) for one in items):
            raise garbled(SYSTEM, "scheduler listed no requests.")
        if answer.get("hasMore") is True:
            raise garbled(SYSTEM, "scheduler has more requests under way than it lists at once.")
        return items

    async def create(self, resource: str, body: Row, *, root: str = FSCM) -> Row:
        return answers.of(await self._call("POST", f"{root}/{resource}", body), write=True)

    async def update(self, resource: str, body: Row, *, root: str = FSCM) -> Row:
        return answers.of(await self._call("PATCH", f"{root}/{resource}", body), write=True)

    async def create_account(self, fields: Mapping[str, str]) -> dict[str, str]:
        """``createCustomerAccount`` by SOAP; what the answer's elements hold, by name."""
        inside = "".join(
            f"<svc:{name}>{escape(value)}</svc:{name}>" for name, value in fields.items()
        )
        envelope = (
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            f'xmlns:typ="{_TYPES}" xmlns:svc="{_SERVICE}"><soapenv:Body>'
            "<typ:createCustomerAccount><typ:customerAccount>"
            f"{inside}</typ:customerAccount></typ:createCustomerAccount>"
            "</soapenv:Body></soapenv:Envelope>"
        )
        headers = {
            "content-type": "text/xml; charset=utf-8",
            "soapaction": f'"{_SERVICE}applicationModule/createCustomerAccount"',
        }
        answer = await self._send("POST", ACCOUNTS, headers=headers, content=envelope.encode())
        said = answers.of_soap(answer)
        found = re.findall(r"<(?:\w+:)?(\w+)(?:\s[^>]*)?>([^<]*)</", said)
        return dict(found)

    async def _call(
        self, method: str, path: str, body: Any = None, *, params: Mapping[str, str] | None = None
    ) -> Answer:
        headers = {"rest-framework-version": _VERSION, "accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        content = None if body is None else encode(body).encode()
        return await self._send(method, path, headers=headers, content=content, params=params)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {"authorization": self._basic, **headers}
        with carried(write=method != "GET"):
            return await self._client.call(
                method, path, headers=sent, params=params, content=content
            )


def units(told: str) -> dict[str, Unit]:
    """``US-INC = 1, US Business Unit, 101; UK-LTD = …``: ledger's id, business unit, company."""
    found = {}
    for code, value in _pairs(told.replace(",", "\x1f").replace(";", ",")):
        parts = [part.strip() for part in value.split("\x1f")]
        if len(parts) == 3 and all(_PART.fullmatch(part) for part in parts):
            found[code] = Unit(*parts)
    return found


def _pairs(told: str) -> Sequence[tuple[str, str]]:
    pairs = (part.partition("=") for part in told.split(","))
    return [(name.strip(), value.strip()) for name, _, value in pairs if value.strip()]

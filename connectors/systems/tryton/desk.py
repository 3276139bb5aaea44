"""What tests need to put the connector to work on a Tryton, real or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import httpx

from connectors import commands
from connectors.contract import Command, Found, Receipt, Settings
from connectors.http import Client
from connectors.problem import Problem
from connectors.systems.tryton import books, drafting, forms
from connectors.systems.tryton.connector import TrytonConnector
from connectors.systems.tryton.jobs import Job
from connectors.systems.tryton.journal import read
from connectors.systems.tryton.placing import place
from connectors.systems.tryton.wire import Tryton
from revops.kernel.keys import idempotency_key

T = TypeVar("T")


class Erp(Protocol):
    """A Tryton that tests can look into and push around."""

    address: str
    database: str
    api_key: str
    login: str
    password: str

    def transport(self) -> httpx.AsyncBaseTransport | None: ...
    def moves(self, key: str = "") -> list[dict[str, Any]]: ...
    def parties(self) -> dict[str, str]: ...
    def close_period(self, name: str) -> None: ...
    def reopen_period(self, name: str, *, journals: bool = True) -> None: ...
    def edit_draft(self, move: int, amount: str) -> None: ...
    def edit_invoice(self, invoice: int, price: str) -> None: ...
    def drafted_invoices(self) -> list[int]: ...
    def work(self) -> None:
        """What Tryton's worker does after an answer."""

    def sequence_locked(self) -> AbstractContextManager[None]: ...


class Desk:
    """A connector at work on one Tryton. ``batches=False``: a connection without a password."""

    def __init__(
        self,
        erp: Erp,
        *,
        batches: bool = True,
        timeout_s: float = 30,
        address: str = "",
        **changes: Any,
    ) -> None:
        self.erp = erp
        self.connector = TrytonConnector()
        self.timeout_s = timeout_s
        parameters = {"database": erp.database, "login": erp.login, "journal": "MISC"}
        secrets = {"api_key": erp.api_key, "password": erp.password if batches else ""}
        self.settings = Settings(
            slug="tryton",
            base_url=address or erp.address,
            parameters=parameters | {n: v for n, v in changes.items() if n not in secrets},
            secrets=secrets | {n: v for n, v in changes.items() if n in secrets},
        )

    def run(self, work: Callable[[Client, Settings], Awaitable[T]]) -> T:
        async def inside() -> T:
            client = Client(
                self.settings.base_url,
                hosts=self.connector.manifest.hosts,
                allow_loopback=True,
                timeout_s=self.timeout_s,
                read_timeout_s=self.timeout_s,
                transport=self.erp.transport(),
            )
            async with client:
                return await work(client, self.settings)

        return asyncio.run(inside())

    def raw(self, work: Callable[[Tryton], Awaitable[T]]) -> T:
        """Calls below the connector, to bring Tryton into a state or to see its bare answer."""
        return self.run(lambda client, settings: work(Tryton(client, settings)))

    def problem(self, work: Callable[[Tryton], Awaitable[Any]]) -> Problem:
        """What a bare call is refused with."""

        async def caught(tryton: Tryton) -> Problem:
            try:
                given = await work(tryton)
            except Problem as problem:
                return problem
            raise AssertionError(f"Tryton answered {given!r} instead of refusing.")

        return self.raw(caught)

    def send(self, *commands: Command) -> Sequence[Receipt]:
        return self.run(lambda c, s: self.connector.send(c, s, commands))

    def send_one(self, command: Command) -> Receipt:
        (receipt,) = self.send(command)
        return receipt

    def find(self, *keys: str) -> dict[str, Sequence[Found]]:
        return dict(self.run(lambda c, s: self.connector.find(c, s, keys)))

    def draft(self, command: Command, *, description: str = "") -> str:
        """A draft as an earlier attempt would have left it; Tryton's id."""

        async def make(tryton: Tryton) -> str:
            job, (value,) = await values(tryton, command)
            if description:
                value[job.wanted.field] = description
            (made,) = await tryton.action(f"{job.wanted.model}/create", {"vlist": [value]})
            return f"{job.wanted.prefix}{made}"

        return self.raw(make)

    def post(self, draft: str) -> None:
        form = forms.of(draft)
        self.raw(lambda t: t.action(f"{form.model}/{form.number(draft)}/post", {}))


async def values(tryton: Tryton, command: Command) -> tuple[Job, list[dict[str, Any]]]:
    """What the connector would create for a command."""
    library = await books.read(tryton)
    job = Job(command, read(command.kind, command.payload))
    job.books, job.period = place(job.posting, library, invoice=job.wanted.invoice)
    return job, await drafting.values(tryton, library, [job])


def journal(
    number: int,
    /,
    *,
    lines: Any = None,
    drafted_id: str = "",
    kind: str = "journal.post",
    **changes: Any,
) -> Command:
    """J1 of the accounting design: an annual invoice with tax, 12,990.00 in USD."""
    payload: dict[str, Any] = {
        "accounting_date": "2026-03-31",
        "currency": "USD",
        "description": "Annual plan, Acme",
        "document_type": "invoice",
        "business_key": f"stripe:in_{number}",
        "legal_entity": "US-INC",
        "number": f"INV-{number}",
        "revision": 1,
        "lines": lines
        or [
            line("1100", debit=1_299_000, customer="cus_1"),
            line("2300", credit=1_200_000, memo="Service 2026-03-31 to 2027-03-30"),
            line("2100", credit=99_000, tax_code="US-TX"),
        ],
    } | changes
    identity = {name: payload[name] for name in ("legal_entity", "document_type", "business_key")}
    key = idempotency_key(lane="primary", revision=1, **identity)
    return commands.by_hand(kind, key, payload, story=f"story-{number}", drafted_id=drafted_id)


def invoice(number: int, /, **changes: Any) -> Command:
    """The same as a customer invoice of Tryton's."""
    return journal(number, **({"kind": "invoice.post"} | changes))


def customer(number: int, /, *, key: str = "", **changes: Any) -> Command:
    """Our customer as a party of Tryton's."""
    payload: dict[str, Any] = {
        "customer_id": f"cus_{number}",
        "name": f"Customer {number}",
        "tax_id": "",
        "other_ids": [],
        "address": {"line1": "Main Street 1", "postal_code": "10115", "city": "Berlin"},
    } | changes
    key = key or idempotency_key(
        lane="primary",
        revision=1,
        legal_entity="US-INC",
        document_type="customer",
        business_key=f"cus_{number}",
    )
    return commands.by_hand("customer.upsert", key, payload, story=f"story-{number}")


def simple(number: int, amount: int = 1000, **changes: Any) -> Command:
    """Two lines without a customer."""
    lines = [line("1050", debit=amount), line("4000", credit=amount)]
    return journal(number, lines=lines, **changes)


def line(
    account: str,
    *,
    debit: int = 0,
    credit: int = 0,
    customer: str = "",
    memo: str = "",
    tax_code: str = "",
    document: int | None = None,
) -> dict[str, Any]:
    """``document``: the amount in the document's currency, of a foreign document."""
    foreign = {} if document is None else {"document_amount": document}
    named = {"id": customer, "name": f"Customer {customer}"} if customer else None
    return {
        "account": account, "debit": debit, "credit": credit, "customer": named, "memo": memo,
        "tax_code": tax_code, **foreign,
    }  # fmt: skip

"""The sandbox as tests see it: the same face as the real Tryton of the peer tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from connectors.systems.tryton.sandbox import API_KEY, PASSWORD, build, chart, control
from connectors.systems.tryton.sandbox.app import Sandbox


class StandIn:
    """A sandbox in this process. ``switch`` sets its faults, ``counts`` tells what was asked."""

    address = "http://127.0.0.1:9"
    database = chart.DATABASE
    api_key = API_KEY
    login = chart.LOGIN
    password = PASSWORD

    def __init__(self, **config: Any) -> None:
        self.app = build(config)
        self.sandbox: Sandbox = self.app.state.sandbox

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(app=self.app)

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.sandbox.counts)

    def switch(self, **faults: Any) -> None:
        control.change(self.sandbox, "faults", faults)

    def moves(self, key: str = "") -> list[dict[str, Any]]:
        return control.moves(self.sandbox.ledger, key)

    def parties(self) -> dict[str, str]:
        rows = self.sandbox.ledger.table("party.party").values()
        return {row["code"]: row["name"] for row in rows}

    def close_period(self, name: str) -> None:
        control.change(self.sandbox, "periods", {name: "closed"})

    def reopen_period(self, name: str, *, journals: bool = True) -> None:
        self.sandbox.ledger.set_period(name, "open", journals=journals)

    def edit_draft(self, move: int, amount: str) -> None:
        control.change(self.sandbox, "edit", {"move": move, "debit": amount, "credit": amount})

    def edit_invoice(self, invoice: int, price: str) -> None:
        control.change(self.sandbox, "edit", {"invoice": invoice, "price": price})

    def drafted_invoices(self) -> list[int]:
        rows = self.sandbox.ledger.table("account.invoice").values()
        return [row["id"] for row in rows if row["state"] == "draft"]

    def work(self) -> None:
        """The sandbox does it at once."""

    @contextmanager
    def sequence_locked(self) -> Iterator[None]:
        self.switch(lock_503=True)
        yield
        self.switch(lock_503=False)

"""A real Tryton for tests: started from a kept template in seconds, reset in less."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

from revops.embedded import programs
from revops.embedded.home import Home
from revops.embedded.programs import Running
from tests.peers import processes
from tests.peers.tryton import reading
from tests.peers.tryton.database import ADMIN_PASSWORD, BOOKS, Databases

DATABASE = "erp"
_RESET = (
    "DELETE FROM account_invoice",
    "DELETE FROM ir_queue",
    "DELETE FROM account_move",
    "DELETE FROM account_journal_period",
    "DELETE FROM res_user_login_attempt",
    "DELETE FROM party_party WHERE id NOT IN (SELECT party FROM company_company)",
    "UPDATE ir_sequence_strict SET number_next_internal = 1",
    "UPDATE account_period SET state = 'open'",
    "UPDATE account_fiscalyear SET state = 'open'",
)
_PAGE = 500


@dataclass(slots=True)
class TrytonPeer:
    """
    ``address`` with ``database``, ``api_key``, ``login`` and ``password`` are what a connection
    needs. Only one test run at a time has it.
    """

    address: str
    running: Running
    place: Home
    databases: Databases
    template: str
    database: str = DATABASE
    api_key: str = str(BOOKS["key"])
    login: str = str(BOOKS["login"])
    password: str = str(BOOKS["password"])
    _exit: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def start(cls) -> TrytonPeer:
        """The first time on a machine this takes about a minute, afterwards about three seconds."""
        with ExitStack() as stack:
            place = processes.home("tryton")
            stack.enter_context(processes.alone(place))
            databases = Databases.open(place)
            stack.callback(databases.close)
            template = databases.template(processes.environment(place, "tryton"))
            databases.copy(template, DATABASE)
            address, running = _serve(place, databases)
            peer = cls(address, running, place, databases, template)
            stack.callback(peer._end)
            peer._exit = stack.pop_all()
        return peer

    def transport(self) -> None:
        """A real network is used."""

    def stop(self) -> None:
        self._exit.close()

    def _end(self) -> None:
        self.sigcont()
        programs.stop(self.running)

    def restart(self) -> None:
        """End the server and start it again at the same address, books kept."""
        self._end()
        port = int(self.address.rpartition(":")[2])
        self.address, self.running = _serve(self.place, self.databases, port=port)

    def sigstop(self) -> None:
        """The server hangs: it takes connections and does not answer until ``sigcont``."""
        os.kill(self.running.pid, signal.SIGSTOP)

    def sigcont(self) -> None:
        if self.running.alive():
            os.kill(self.running.pid, signal.SIGCONT)

    @contextmanager
    def second_server(self) -> Iterator[str]:
        """The address of another server process on the same books."""
        address, running = _serve(self.place, self.databases, name="trytond-2")
        try:
            yield address
        finally:
            programs.stop(running)

    def reset(self) -> None:
        """Empty books, open periods and no locked login, in milliseconds; the server goes on."""
        self.sigcont()
        with self.databases.connect(self.database) as connection:
            for statement in _RESET:
                connection.execute(statement)

    @contextmanager
    def sequence_locked(self) -> Iterator[None]:
        """Another posting that does not end: every posting is answered 503."""
        with self.databases.connect(self.database) as connection, connection.transaction():
            connection.execute("SELECT id FROM ir_sequence_strict FOR UPDATE")
            yield

    def close_period(self, name: str) -> None:
        """
        As finance does it, in all companies; Tryton refuses while it holds drafts (RuntimeError).
        """
        self.admin("account.period", "close", self._periods(name))

    def reopen_period(self, name: str, *, journals: bool = True) -> None:
        """The period and its journal-periods, which Tryton closes together but does not reopen."""
        periods = self._periods(name)
        self.admin("account.period", "reopen", periods)
        if not journals:
            return
        parts = self._rows("account.journal.period", [["period", "in", periods]], ["state"])
        closed = [row["id"] for row in parts if row["state"] == "closed"]
        if closed:
            self.admin("account.journal.period", "reopen", closed)

    def edit_draft(self, move: int, amount: str) -> None:
        """A person changes both sides of a draft of two lines."""
        lines = self._rows("account.move.line", [["move", "=", move]], ["debit", "credit"])
        value = {"__class__": "Decimal", "decimal": amount}
        for line in lines:
            side = "debit" if Decimal(line["debit"]["decimal"]) else "credit"
            self.admin("account.move.line", "write", [line["id"]], {side: value})

    def edit_invoice(self, invoice: int, price: str) -> None:
        """A person changes the price of the first line of a draft."""
        lines = self._rows("account.invoice.line", [["invoice", "=", invoice]], [], limit=1)
        value = {"__class__": "Decimal", "decimal": price}
        self.admin("account.invoice.line", "write", [lines[0]["id"]], {"unit_price": value})

    def drafted_invoices(self) -> list[int]:
        rows = self._rows("account.invoice", [["state", "=", "draft"]], [])
        return [row["id"] for row in rows]

    def work(self) -> None:
        """What the worker would do, which does not run here: paid invoices become so."""
        rows = self._rows("account.invoice", [["state", "in", ["posted", "paid"]]], [])
        self.admin("account.invoice", "process", [row["id"] for row in rows])

    def moves(self, key: str = "") -> list[dict[str, Any]]:
        """
        What the books hold, drafts included, read through Tryton's REST in pages: ``id``, ``key``
        (the first word of the description, or of the reference of the invoice that it belongs to),
        ``invoice`` (that one's number), ``number``, ``state``, ``date``, ``period``,
        ``company`` (its party's code), ``currency`` and ``lines`` with ``account``, ``debit``,
        ``credit`` (decimals as text) and ``party``.
        """
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            domain: list[Any] = [["id", ">", after]]
            if key:
                domain.append(
                    [
                        "OR",
                        ["description", "like", f"{key} %"],
                        ["origin.reference", "=", key, "account.invoice"],
                    ]
                )
            rows = self._rows("account.move", domain, reading.FIELDS, limit=_PAGE)
            invoices = self._rows(
                "account.invoice",
                [["move", "in", [row["id"] for row in rows]]],
                ["move", "reference", "number"],
            )
            of = {row["move"]: row for row in invoices}
            found += [reading.move(row, of.get(row["id"])) for row in rows]
            if len(rows) < _PAGE:
                return found
            after = rows[-1]["id"]

    def parties(self) -> dict[str, str]:
        """Code → name."""
        rows = self._rows("party.party", [], ["code", "name"])
        return {row["code"]: row["name"] for row in rows}

    def admin(self, model: str, method: str, *values: Any) -> Any:
        """An RPC as the administrator. RuntimeError with Tryton's words when it refuses."""
        return self._admin(f"model.{model}.{method}", *values, {})

    def wizard(self, name: str, step: str, forms: Mapping[str, Any], model: str, id_: int) -> Any:
        """One step of a wizard as the administrator, who opened it from a record."""
        opened = {"active_model": model, "active_id": id_, "active_ids": [id_]}
        session, *_ = self._admin(f"wizard.{name}.create", opened)
        return self._admin(f"wizard.{name}.execute", session, forms, step, opened)

    def _admin(self, method: str, *params: Any) -> Any:
        answer = httpx.post(
            f"{self.address}/{self.database}/rpc/",
            json={"id": 1, "method": method, "params": params},
            auth=("admin", ADMIN_PASSWORD),
            timeout=30,
        )
        answer.raise_for_status()
        said = answer.json()
        if "error" in said:
            raise RuntimeError(str(said["error"]))
        return said["result"]

    def _periods(self, name: str) -> list[int]:
        return [row["id"] for row in self._rows("account.period", [["name", "=", name]], [])]

    def _rows(
        self, model: str, domain: list[Any], fields: list[str], limit: int | None = None
    ) -> list[dict[str, Any]]:
        answer = httpx.post(
            f"{self.address}/{self.database}/rest/model/{model}/search_read",
            headers={"Authorization": f"Bearer {self.api_key}"},
            json={
                "domain": domain, "fields_names": fields, "order": [["id", "ASC"]], "limit": limit,
            },
            timeout=60,
        )  # fmt: skip
        answer.raise_for_status()
        rows: list[dict[str, Any]] = answer.json()
        return rows


def _serve(
    place: Home, databases: Databases, *, name: str = "trytond", port: int = 0
) -> tuple[str, Running]:
    listen = f"127.0.0.1:{port or processes.free_port()}"
    bin_ = processes.environment(place, "tryton")
    running = processes.start(
        place,
        name,
        (str(bin_ / "trytond"), "-d", DATABASE),
        {
            "TRYTOND_WEB__LISTEN": listen,
            "TRYTOND_DATABASE__URI": databases.uri,
            # Posted invoices are printed by a worker, which does not run here, not while we wait.
            "TRYTOND_QUEUE__WORKER": "True",
        },
    )
    address = f"http://{listen}"
    processes.wait_until(lambda: _answers(address), running)
    return address, running


def _answers(address: str) -> bool:
    version = {"id": 1, "method": "common.server.version", "params": []}
    try:
        return httpx.post(f"{address}/rpc/", json=version, timeout=5).status_code == 200
    except httpx.TransportError:
        return False

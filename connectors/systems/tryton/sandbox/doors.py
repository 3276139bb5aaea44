"""Tryton's two doors over the sandbox's ledger: what each method does and how each door says no."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from connectors.systems.tryton.sandbox import invoicing, parties, paying
from connectors.systems.tryton.sandbox.ledger import Ledger
from connectors.systems.tryton.sandbox.refused import AccessError, Page, UserError

VERSION: Final = "8.2"
_MAX_ATTEMPTS: Final = 5
_LOCKED_S: Final = 300.0
_DOCUMENTS: Final = ("account.move", "account.invoice")
# The state that each begins with, and what it does.
_WIZARDS: Final = {
    "account.move.reconcile_lines": ("start", paying.reconcile),
    "account.move.unreconcile_lines": ("unreconcile", paying.unreconcile),
}
_WRITTEN: Final = ("party.party", "party.identifier", "account.move.line")

# What a call does, for faults and for counting.
_WORK: Final = {"create": "create", "post": "post", "delete": "delete", "search_read": "search"}


class Doors:
    """``work`` names what a call does; ``rest`` and ``rpc`` do it and give the answer's value."""

    def __init__(self, ledger: Ledger, *, key: str, login: str, password: str) -> None:
        self.ledger = ledger
        self._bearer = f"Bearer {key}"
        self._login = login
        self._password = password
        self._wrong: list[float] = []
        self._sessions = 0

    def credentials(self, parts: list[str]) -> str:
        """What a caller sends to the door that these parts of a path lead to."""
        if parts[1:] != ["rpc"]:
            return self._bearer
        pair = f"{self._login}:{self._password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"

    def work(self, method: str, parts: list[str], body: Any) -> str:
        if method == "DELETE":
            return "delete"
        if method == "PUT":
            return "create"
        if parts[1:] == ["rpc"]:
            called = str(body.get("method", "")) if isinstance(body, Mapping) else ""
            if called.startswith("wizard."):
                return "other"
            return _WORK.get(called.rpartition(".")[2], "other")
        action = parts[-1] if len(parts) > 4 else "create"
        return _WORK.get(action, "other")

    def rest(self, method: str, parts: list[str], body: Any, fields: list[str], auth: str) -> Any:
        """``parts``: database, rest, model, name and what follows. None means 204."""
        if auth != self._bearer:
            raise Page(401)
        model, rest = parts[3], parts[4:]
        if method == "DELETE" and len(rest) == 1:
            if model not in _DOCUMENTS or not self._delete(model, int(rest[0])):
                raise Page(404)
            return None
        if not isinstance(body, Mapping):
            raise Page(400, "Unable to read JSON request")
        if method == "PUT":
            return self._write(model, rest, body, fields)
        if not rest:
            (made,) = self._create(model, [body])
            return self._record(model, made, fields)
        try:
            if len(rest) == 1:
                return self._action(model, rest[0], body)
            if model not in _DOCUMENTS or rest[1] != "post":
                raise Page(403)
            number = int(rest[0])
            if number not in self.ledger.table(model):
                raise Page(404)
            self._post(model, [number])
        except AccessError as error:
            raise Page(403) from error
        return self._record(model, number, fields)

    def _write(
        self, model: str, rest: list[str], body: Mapping[str, Any], fields: list[str]
    ) -> Any:
        if model not in _WRITTEN or len(rest) != 1:
            raise Page(403)
        if int(rest[0]) not in self.ledger.table(model):
            raise Page(404)
        if model == "account.move.line":
            paying.tie(self.ledger, int(rest[0]), body)
        elif model == "party.party":
            parties.write(self.ledger, int(rest[0]), body)
        else:
            parties.set_active(self.ledger, int(rest[0]), body)
        return self._record(model, int(rest[0]), fields)

    def _action(self, model: str, action: str, body: Mapping[str, Any]) -> Any:
        if action == "create":
            return self._create(model, body["vlist"])
        if action == "search_read":
            self._known(model)
            return self.ledger.search_read(
                model, body["domain"], body["fields_names"], body.get("limit")
            )
        if (model, action) == ("ir.model.access", "get_access"):
            right = dict.fromkeys(("read", "write", "create", "delete"), 1)
            return dict.fromkeys(body["models"], right)
        raise Page(403)

    def _create(self, model: str, values: list[Any]) -> list[int]:
        if model == "account.move":
            return self.ledger.create_moves(values)
        if model == "account.invoice":
            return invoicing.create(self.ledger, values)
        if model == "party.party":
            return parties.create(self.ledger, values)
        if model == "party.address":
            return [parties.add_address(self.ledger, value) for value in values]
        self._known(model)
        raise Page(403)

    def _post(self, model: str, numbers: list[int]) -> None:
        if model == "account.invoice":
            invoicing.post(self.ledger, numbers)
        else:
            self.ledger.post(numbers)

    def _delete(self, model: str, number: int) -> bool:
        if model == "account.invoice":
            return invoicing.delete(self.ledger, number)
        return self.ledger.delete_move(number)

    def _known(self, model: str) -> None:
        if model not in self.ledger.tables:
            raise Page(500, f"'{model}'")

    def _record(self, model: str, number: int, fields: list[str]) -> dict[str, Any]:
        row = self.ledger.table(model)[number]
        return {"__name__": model, "id": number, **{name: row[name] for name in fields}}

    def rpc(self, body: Any, auth: str) -> Any:
        self._check_password(auth)
        method, params = body["method"], body["params"]
        model, _, action = method.removeprefix("model.").rpartition(".")
        if model in _DOCUMENTS and action == "post":
            if len(set(params[0])) < len(params[0]):
                raise Page(422, "Duplicate records")
            self._post(model, params[0])
            return None
        if model in _DOCUMENTS and action == "create":
            return self._create(model, params[0])
        if model in _DOCUMENTS and action == "delete":
            for number in params[0]:
                self._delete(model, number)
            return None
        if method.startswith("wizard."):
            return self._wizard(method, action, params)
        if method == "model.res.user.get_preferences":
            return {"company": 1, "language": "en"}
        raise Page(403)

    def _wizard(self, method: str, action: str, params: list[Any]) -> Any:
        """Lines that a person selected settle each other, or do no more; a session is a number."""
        wizard = method.removeprefix("wizard.").rpartition(".")[0]
        if wizard not in _WIZARDS:
            raise Page(403)
        if action == "create":
            self._sessions += 1
            return [self._sessions, _WIZARDS[wizard][0], "end"]
        if action == "execute":
            _WIZARDS[wizard][1](self.ledger, params[-1]["active_ids"])
        return {} if action == "execute" else None

    def _check_password(self, auth: str) -> None:
        """After too many wrong passwords a login is locked, for the right one as well."""
        now = time.monotonic()
        self._wrong = [moment for moment in self._wrong if now - moment < _LOCKED_S]
        if len(self._wrong) > _MAX_ATTEMPTS:
            self._wrong.append(now)
            raise Page(429, "This user has exceeded an allotted request count. Try again later.")
        if auth != self.credentials(["", "rpc"]):
            self._wrong.append(now)
            raise Page(401)
        self._wrong.clear()


def json_of(value: Any) -> bytes:
    return json.dumps(value).encode()


def refusal(error: UserError, *, rpc: bool, number: Any = 0) -> tuple[int, bytes]:
    """The door's own way to say no: 400 with JSON, or 200 with an error in it."""
    message = str(error)
    if rpc:
        return 200, json_of({"id": number, "error": ["UserError", [message, "", None]]})
    return 400, json_of({"status": 400, "message": message, "description": ""})

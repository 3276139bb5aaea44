"""
Signing in, and the one way in which this connector calls Salesforce.

A sign-in's answer names no end: a token is good until Salesforce says otherwise
(``INVALID_SESSION_ID``).
"""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connectors import signing_in
from connectors.contract import Outcome, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.signing_in import Pass
from connectors.systems.salesforce import answers, wire
from connectors.systems.salesforce.layout import Layout, LayoutInvalid
from connectors.systems.salesforce.wire import Json
from revops.kernel.clock import now

_JWT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Salesforce takes assertions that end within three minutes.
_JWT_S: Final = 170
_LOCATOR: Final = "/services/data/"


class Org:
    """One connection's Salesforce. Every method raises ``Problem`` and nothing else."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        try:
            self.layout = Layout.of(settings)
        except LayoutInvalid as error:
            raise Problem(Outcome.REFUSED, "parameter", str(error)) from error
        self.data = f"/services/data/v{self.layout.version}"
        self.used: tuple[int, int] | None = None

    def unhurried(self) -> Org:
        """For a read after the last write: not held to the deadline of sending."""
        later = copy.copy(self)
        later._client = self._client.until(None)
        return later

    async def query(self, soql: str, *, deleted: bool = False) -> list[Json]:
        """All records that a query finds, however many answers that takes; ``deleted`` too."""
        door = "queryAll" if deleted else "query"
        return await self._pages(await self.get(f"{self.data}/{door}?q={quote(soql, safe='')}"))

    async def complete(self, record: Json, relationship: str) -> Json:
        """The record with all of its children, when its answer held only the first of them."""
        held = wire.part(record.get(relationship))
        if not held or held.get("done") is not False:
            return record
        members = await self._pages(held)
        whole = {"totalSize": len(members), "done": True, "records": members}
        return {**record, relationship: whole}

    async def get(self, path: str) -> Any:
        return await self.call("GET", path)

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """``path`` is whole. Signs in when there is no token, and once more when it is refused."""
        token = await self.token()
        try:
            return await self._once(method, path, body, token)
        except Problem as problem:
            if problem.code != "session":
                raise
        return await self._once(method, path, body, await self.token(instead_of=token))

    async def token(self, *, instead_of: str = "") -> str:
        """The kept token, or a new one when there is none, or only ``instead_of``."""
        return await signing_in.token(
            self._client, self._settings, fetch=self._sign_in, instead_of=instead_of
        )

    async def _pages(self, found: Any) -> list[Json]:
        records: list[Json] = []
        while True:
            listed = wire.part(found).get("records")
            if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
                raise Problem(Outcome.TRANSIENT, "garbled", "Salesforce listed no records.")
            records += listed
            if found.get("done") is not False:
                return records
            onward = wire.text(found.get("nextRecordsUrl"))
            if not onward.startswith(_LOCATOR) or not listed:
                raise Problem(Outcome.TRANSIENT, "garbled", "Salesforce lists on to nowhere.")
            found = await self.get(onward)

    async def _once(self, method: str, path: str, body: Any, token: str) -> Any:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        content = None
        if body is not None:
            content = wire.encode(body)
            headers["content-type"] = "application/json; charset=UTF-8"
        answer = await self._exchange(method, path, headers=headers, content=content)
        self.used = answers.usage(answer) or self.used
        return answers.of(answer, write=method != "GET")

    async def _exchange(self, method: str, path: str, **sent: Any) -> Answer:
        with carried(write=method != "GET" and "form" not in sent):
            return await self._client.call(method, path, **sent)

    async def _sign_in(self) -> Pass:
        form = _form(self._settings)
        answer = await self._exchange("POST", "/services/oauth2/token", form=form)
        return Pass(answers.of_token(answer), None)


def select(fields: Iterable[str], source: str, rest: str = "") -> str:
    """A query; names come from ``layout``, values from ``quoted``, ids are checked before."""
    return " ".join(("SELECT", ", ".join(dict.fromkeys(fields)), "FROM", source, rest)).strip()


def quoted(values: Sequence[str]) -> str:
    """Texts for ``IN (…)``; quotes and backslashes are escaped as SOQL has it."""
    return ",".join("'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" for value in values)


def _form(settings: Settings) -> Mapping[str, str]:
    client_id = settings.secrets.get("client_id", "")
    if settings.parameters.get("sign_in") == "jwt":
        return {"grant_type": _JWT, "assertion": _assertion(settings, client_id)}
    return {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": settings.secrets.get("client_secret", ""),
    }


def _assertion(settings: Settings, client_id: str) -> str:
    """RS256 over ``iss``, ``sub``, ``aud`` and ``exp``. Raises Problem for a key that is none."""
    try:
        key = load_pem_private_key(settings.secrets.get("private_key", "").encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Problem(
            Outcome.AUTH, "sign_in", "The private key is no RSA key in PEM form without a password."
        )
    claims = {
        "iss": client_id,
        "sub": str(settings.parameters.get("username") or ""),
        "aud": str(settings.parameters.get("audience") or "https://login.salesforce.com"),
        "exp": int(now().timestamp()) + _JWT_S,
    }
    head = f"{_part({'alg': 'RS256'})}.{_part(claims)}"
    signature = key.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{head}.{_base64(signature)}"


def _part(value: Any) -> str:
    return _base64(json.dumps(value).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")

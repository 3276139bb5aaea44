"""One connection's calls: signed in as its parameters say, and what its answers mean."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from connectors import signing_in
from connectors.contract import Outcome, PayloadUnreadable, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.signing_in import Pass
from revops.kernel import backoff
from revops.kernel.clock import now

# What a system that names no time is given.
WAIT_S: Final = 30
_LASTS_S: Final = 300
_LONGEST_TOKEN: Final = 8_000
NO_SIGN_IN, BEARER, BASIC, HEADER, CLIENT = "none", "bearer", "basic", "header", "oauth2_client"


class Session:
    """Every method raises ``Problem`` and nothing else."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    async def get(self, path: str, params: Sequence[tuple[str, str]] = ()) -> Answer:
        """An answer of 200; the rest as ``_refused`` has it."""
        answer = await self.call("GET", path, params=params)
        if answer.status != 200:
            raise refused(answer, write=False)
        return answer

    async def json(self, path: str, params: Sequence[tuple[str, str]] = ()) -> Any:
        return read(await self.get(path, params), write=False)

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Whatever it answers. A refused token is replaced once."""
        proof, token = await self._proof()
        answer = await self._once(method, path, params, content, {**(headers or {}), **proof})
        if answer.status == 401 and token:
            proof, _ = await self._proof(instead_of=token)
            answer = await self._once(method, path, params, content, {**(headers or {}), **proof})
        return answer

    def below(self, link: str) -> str:
        """The path, with its query, of an address that the system gave us. Another host is none."""
        told, own = urlsplit(link), urlsplit(self._settings.base_url)
        root = own.path.rstrip("/")
        same = not told.netloc or (told.scheme, told.netloc) == (own.scheme, own.netloc)
        path = told.path.removeprefix(root) if told.path.startswith(f"{root}/") else ""
        if not same or not path.startswith("/"):
            raise Problem(
                Outcome.TRANSIENT, "leads_away",
                "Its list goes on at an address that is not the connection's own.",
            )  # fmt: skip
        return f"{path}?{told.query}" if told.query else path

    async def _once(
        self,
        method: str,
        path: str,
        params: Sequence[tuple[str, str]],
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        with carried(write=method != "GET"):
            return await self._client.call(
                method, path, params=params or None, content=content,
                headers={"accept": "application/json", **headers},
            )  # fmt: skip

    async def _proof(self, *, instead_of: str = "") -> tuple[Mapping[str, str], str]:
        """(headers that sign in, the token when it is one that ends)"""
        secrets, said = self._settings.secrets, self._said
        match said("sign_in") or NO_SIGN_IN:
            case "bearer":
                return {"authorization": f"Bearer {sound(secrets.get('api_key', ''))}"}, ""
            case "header":
                name = said("key_header").lower() or "x-api-key"
                return {name: sound(secrets.get("api_key", ""))}, ""
            case "basic":
                return {"authorization": _basic(said("username"), secrets.get("password", ""))}, ""
            case "oauth2_client":
                token = await signing_in.token(
                    self._client, self._settings, fetch=self._sign_in, instead_of=instead_of
                )
                return {"authorization": f"Bearer {token}"}, token
        return {}, ""

    async def _sign_in(self) -> Pass:
        name, secret = self._said("client_id"), self._settings.secrets.get("client_secret", "")
        form = {"grant_type": "client_credentials"}
        headers = {"accept": "application/json"}
        if self._said("client_as") == "basic":
            headers["authorization"] = _basic(name, secret)
        else:
            form |= {"client_id": name, "client_secret": secret}
        if scope := self._said("scope"):
            form["scope"] = scope
        told, own = urlsplit(self._said("token_url")), urlsplit(self._settings.base_url)
        path = told.path or "/oauth/token"
        path = f"{path}?{told.query}" if told.query else path
        there = told if told.netloc else own
        address = f"{there.scheme}://{there.netloc}"
        with carried(write=False):
            async with self._client.elsewhere(address, hosts=("*",)) as door:
                answer = await door.call("POST", path, form=form, headers=headers)
        return _pass(answer)

    def _said(self, name: str) -> str:
        return str(self._settings.parameters.get(name) or "").strip()


def refused(answer: Answer, *, write: bool, named: bool = False) -> Problem:
    """
    What an answer means that does not say yes. ``named``: the address named something by a value
    of ours, so that *not found* speaks of that.
    """
    status = answer.status
    unsure = Outcome.IN_DOUBT if write else Outcome.TRANSIENT
    asked = backoff.retry_after(answer.headers.get("retry-after"), at=now())
    if status == 429 or (status == 503 and asked is not None):
        words = "It asks us to slow down."
        return _problem(answer, Outcome.THROTTLED, "throttled", words, asked or WAIT_S)
    if status in (401, 403):
        words = f"It does not accept how we sign in: it answers {status}."
        return _problem(answer, Outcome.AUTH, "credentials_refused", words)
    if status in (404, 410) and named:
        return _problem(answer, Outcome.REFUSED, "not_there", "It has nothing of that name.")
    if status in (404, 405, 410) or 300 <= status < 400:
        words = f"The address is not one that it answers at: it answers {status}."
        return _problem(answer, Outcome.AUTH, "address_wrong", words)
    if 400 <= status < 500 and status not in (408, 425):
        return _problem(answer, Outcome.REFUSED, "refused", f"It refuses this with {status}.")
    if status < 400:
        return _problem(answer, unsure, "unexpected", f"It answers {status}, which says nothing.")
    return _problem(answer, unsure, "failed", f"It failed with {status}.")


def read(answer: Answer, *, write: bool) -> Any:
    try:
        return answer.json()
    except PayloadUnreadable:
        unsure = Outcome.IN_DOUBT if write else Outcome.TRANSIENT
        raise _problem(answer, unsure, "garbled", "Its answer is no JSON.") from None


def sound(secret: str) -> str:
    """A secret that can stand in a header."""
    if not secret or not secret.isascii() or not secret.isprintable():
        raise Problem(Outcome.AUTH, "no_credentials", "There is no credential that can be sent.")
    return secret


def _basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def _pass(answer: Answer) -> Pass:
    """RFC 6749 §5: 400 invalid_client and 401 are refusals of the client's credentials."""
    if answer.status in (400, 401, 403):
        words = f"It does not sign us in: it answers {answer.status}."
        raise _problem(answer, Outcome.AUTH, "credentials_refused", words)
    if answer.status != 200:
        raise refused(answer, write=False)
    told = read(answer, write=False)
    token = told.get("access_token") if isinstance(told, dict) else None
    lasts = told.get("expires_in") if isinstance(told, dict) else None
    if not isinstance(token, str) or not token or len(token) > _LONGEST_TOKEN:
        raise _problem(answer, Outcome.TRANSIENT, "garbled", "Its sign-in brought no token.")
    if not token.isascii() or not token.isprintable():
        raise _problem(answer, Outcome.TRANSIENT, "garbled", "Its token cannot be sent.")
    return Pass(token, lasts if type(lasts) is int and lasts > 0 else _LASTS_S)


def _problem(
    answer: Answer, outcome: Outcome, code: str, words: str, wait: int | None = None
) -> Problem:
    return Problem(
        outcome, code, words, status=answer.status, excerpt=answer.excerpt(200), retry_after=wait
    )

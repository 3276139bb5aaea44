"""
Signing in to a mail server (RFC 4954): PLAIN (RFC 4616), LOGIN, and XOAUTH2 with a token.

LOGIN is no standard, and XOAUTH2 is Google's and Microsoft's own: some servers offer nothing else.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.systems.email.replies import Answer, Step, good, problem

Ask = Callable[[str], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Credentials:
    """``token``: an access token is given in place of a password. Without a login: no sign-in."""

    login: str = ""
    secret: str = ""
    token: bool = False


async def sign_in(ask: Ask, offered: Collection[str], credentials: Credentials) -> None:
    """``offered`` are the mechanisms, in capitals. Raises Problem."""
    if credentials.token:
        wanted = ["XOAUTH2"]
    else:
        wanted = [name for name in ("PLAIN", "LOGIN") if name in offered]
    if not wanted or wanted[0] not in offered:
        listed = ", ".join(sorted(offered)) or "none"
        reason = f"The mail server offers no way to sign in that we know; it offers {listed}."
        raise Problem(Outcome.AUTH, "sign_in_missing", reason)
    answer = await _METHODS[wanted[0]](ask, credentials)
    good(answer, Step.SIGN_IN, 235)


async def _plain(ask: Ask, credentials: Credentials) -> Answer:
    proof = _text(f"\0{credentials.login}\0{credentials.secret}")
    return await ask(f"AUTH PLAIN {proof}")


async def _login(ask: Ask, credentials: Credentials) -> Answer:
    """Name and password are each asked for; the questions' words differ, so they are not read."""
    for line in ("AUTH LOGIN", _text(credentials.login)):
        answer = await ask(line)
        if answer.code != 334:
            raise problem(answer, Step.SIGN_IN)
    return await ask(_text(credentials.secret))


async def _token(ask: Ask, credentials: Credentials) -> Answer:
    said = f"user={credentials.login}\x01auth=Bearer {credentials.secret}\x01\x01"
    answer = await ask(f"AUTH XOAUTH2 {_text(said)}")
    # What is wrong comes as a challenge, which is answered with nothing to hear the refusal.
    return await ask("") if answer.code == 334 else answer


def _text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


_METHODS = {"PLAIN": _plain, "LOGIN": _login, "XOAUTH2": _token}

"""
Signing in at Microsoft Entra with OAuth 2.0 client credentials: Business Central's API, and mail by
Exchange Online. Tokens end; ``signing_in`` keeps them and calls this when there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from connectors import answers
from connectors.answers import evidence
from connectors.contract import Outcome, PayloadUnreadable, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem, carried
from connectors.signing_in import Pass

ADDRESS: Final = "https://login.microsoftonline.com"
HOSTS: Final = ("login.microsoftonline.com", "login.microsoftonline.us")
# No Retry-After is promised with 429.
_THROTTLED_S: Final = 30
_SYSTEM: Final = "Microsoft Entra"


async def sign_in(client: Client, settings: Settings, *, scope: str) -> Pass:
    """
    By the parameters ``tenant`` and ``sign_in_url`` (national clouds, sandboxes) and the secrets
    ``client_id`` and ``client_secret``. Raises Problem.
    """
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.secrets.get("client_id", ""),
        "client_secret": settings.secrets.get("client_secret", ""),
        "scope": scope,
    }
    tenant = str(settings.parameters.get("tenant") or "").strip()
    address = str(settings.parameters.get("sign_in_url") or "").strip() or ADDRESS
    with carried(write=False):
        async with client.elsewhere(address, hosts=HOSTS) as door:
            answer = await door.call(
                "POST", f"/{quote(tenant, safe='')}/oauth2/v2.0/token", form=form
            )
    return Pass(*of_token(answer))


def of_token(answer: Answer) -> tuple[str, int | None]:
    """The access token and how many seconds it lasts. Raises Problem."""
    if answer.status == 200:
        said = answers.read(answer, _SYSTEM, write=False)
        held = said.get("access_token") if isinstance(said, Mapping) else None
        lasts = said.get("expires_in") if isinstance(said, Mapping) else None
        if isinstance(held, str) and held:
            return held, lasts if type(lasts) is int else None
        raise Problem(Outcome.TRANSIENT, "garbled", "Microsoft Entra gave no token.")
    if answer.status == 429:
        reason = "Microsoft Entra, which signs us in, is busy."
        raise answers.throttled(answer, reason, otherwise=_THROTTLED_S)
    if answer.status >= 500:
        raise answers.failed(answer, _SYSTEM, write=False)
    if answer.status in (400, 401, 403):
        reason = "Microsoft Entra does not accept the client id, its secret or the tenant."
        if _words(answer).startswith("AADSTS7000222"):
            reason = "The client secret has expired; make a new one in Microsoft Entra."
        raise Problem(Outcome.AUTH, "credentials_refused", reason, **evidence(answer))
    raise Problem(
        Outcome.TRANSIENT, "failed", "The sign-in address answers oddly.", **evidence(answer)
    )


def _words(answer: Answer) -> str:
    try:
        said = answer.json()
    except PayloadUnreadable:
        return ""
    return str(said.get("error_description") or "") if isinstance(said, Mapping) else ""

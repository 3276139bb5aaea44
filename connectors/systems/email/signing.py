"""
With what a mail server is signed in to: a password, nothing, or a token of Microsoft Entra for a
mailbox of Exchange Online, where passwords are taken no more.
"""

from __future__ import annotations

from typing import Final

from connectors import entra, signing_in
from connectors.contract import Settings
from connectors.http import Client
from connectors.signing_in import Pass
from connectors.systems.email.sasl import Credentials

ENTRA: Final = "entra"
NONE: Final = "none"
SCOPE: Final = "https://outlook.office365.com/.default"


async def credentials(client: Client, settings: Settings, *, instead_of: str = "") -> Credentials:
    """``instead_of``: a token that was refused. Raises Problem."""
    login = str(settings.parameters.get("login") or "")
    way = settings.parameters.get("sign_in")
    if way == NONE:
        return Credentials()
    if way != ENTRA:
        return Credentials(login, settings.secrets.get("password", ""))

    async def fetch() -> Pass:
        return await entra.sign_in(client, settings, scope=SCOPE)

    token = await signing_in.token(client, settings, fetch=fetch, instead_of=instead_of)
    return Credentials(login, token, token=True)

"""What may be asked of a mail server, and the mail that is made of it."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, Final

from pydantic import Field

from connectors import commands
from connectors.commands import PayloadRefused
from connectors.contract import Command, Settings
from revops.contracts.base import Part
from revops.kernel import clock

KIND: Final = "notice.email"
# One visible line: no control character can begin a header of its own.
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=300)]
Mailbox = Annotated[str, Field(pattern=r"^[!#-;=?A-~]+@[A-Za-z0-9.-]+$")]


class MailPayload(Part):
    """``notice.email``: to whom, about what. ``link`` stands below the text, on its own line."""

    to: Annotated[Mailbox, Field(max_length=254)]
    name: Line = ""
    subject: Annotated[Line, Field(min_length=1)]
    text: Annotated[str, Field(max_length=100_000)]
    link: Annotated[Line, Field(max_length=2000)] = ""


def read(command: Command) -> MailPayload:
    """Raises PayloadRefused."""
    return commands.read(
        command.kind, command.payload, {KIND: MailPayload}, otherwise="The mail cannot be made"
    )


def sender_of(settings: Settings) -> str:
    return str(settings.parameters.get("sender") or "console@example.com")


def returned_to(settings: Settings) -> str:
    """Where a mail server sends what it could not deliver."""
    return str(settings.parameters.get("bounces") or "") or sender_of(settings)


def message_id(command: Command, settings: Settings) -> str:
    """The same for every sending of one command."""
    return f"<{command.key}@{sender_of(settings).rpartition('@')[2]}>"


def build(command: Command, payload: MailPayload, settings: Settings) -> bytes:
    """The mail as it goes over the wire: CRLF, seven bits, dots not yet doubled."""
    sender = sender_of(settings)
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    mail["From"] = _address(str(settings.parameters.get("sender_name") or ""), sender)
    mail["To"] = _address(payload.name, payload.to)
    mail["Subject"] = payload.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = message_id(command, settings)
    # RFC 3834: nobody's absence note answers a machine.
    mail["Auto-Submitted"] = "auto-generated"
    body = f"{payload.text}\n\n{payload.link}\n" if payload.link else f"{payload.text}\n"
    mail.set_content(body, cte="quoted-printable")
    return mail.as_bytes()


def _address(name: str, box: str) -> Address:
    try:
        return Address(display_name=name, addr_spec=box)
    except (ValueError, IndexError) as error:
        raise PayloadRefused(f"“{box}” is no address that a mail can carry.") from error

"""
Outbound messages: a SOAP body that names up to a hundred changed records.

They are not signed, so what they say of a record is not believed: the record is read over our own
connection. ``OrganizationId`` has to be the connection's. Read with expat itself, which fetches
nothing; a document type, and with it every entity, is refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from connectors import xml
from connectors.contract import Envelope, PayloadUnreadable, SignatureInvalid
from connectors.systems.salesforce import wire
from revops.kernel.clock import now
from revops.kernel.keys import sha256

TYPE: Final = "outbound_message"
ACK: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
    b"</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)
CONTENT_TYPE: Final = "text/xml; charset=utf-8"

_OUTBOUND: Final = "http://soap.sforce.com/2005/09/outbound"
_SOBJECT: Final = "urn:sobject.enterprise.soap.sforce.com"
_TYPE: Final = "http://www.w3.org/2001/XMLSchema-instance type"
_MOST: Final = 100
_DEEPEST: Final = 16


@dataclass(slots=True)
class Notification:
    """``id`` names the message, ``record`` the record of ``kind`` that changed."""

    id: str = ""
    kind: str = ""
    record: str = ""


@dataclass(slots=True)
class Message:
    organization: str = ""
    notifications: list[Notification] = field(default_factory=list)


def is_xml(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def verify(body: bytes, secrets: Sequence[str]) -> None:
    """Raises SignatureInvalid unless the message comes from one of these organizations."""
    try:
        named = _plain(read(body).organization) if is_xml(body) else ""
    except PayloadUnreadable:
        named = ""
    matches = [hmac.compare_digest(named.encode(), _plain(one).encode()) for one in secrets]
    if not named or not any(matches):
        raise SignatureInvalid("The message names no organization that is configured.")


def opened(body: bytes) -> Envelope:
    """
    One envelope for the whole message, by its first record. Raises PayloadUnreadable.

    Not dated by its records: it is a hint, and their versions are read with them.
    """
    message = read(body)
    told = message.notifications
    if not told or not all(one.id and one.kind and wire.is_id(one.record) for one in told):
        raise PayloadUnreadable("The message names no record.")
    names = sorted({one.id for one in told})
    hints = sorted({(one.kind, one.record) for one in told})
    raw = {"notifications": names, "records": [list(hint) for hint in hints]}
    return Envelope(
        event_id=f"om:{names[0] if len(names) == 1 else sha256(','.join(names))[:32]}",
        type=TYPE,
        account="",
        object_type=told[0].kind,
        object_id=told[0].record,
        object_version=0,
        occurred_at=now(),
        raw=raw,
        livemode=True,
    )


def read(body: bytes) -> Message:
    """Raises PayloadUnreadable for anything but an outbound message."""
    reader = _Reader()
    parser = xml.parser(_refuse)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, PayloadUnreadable):
            raise
        raise PayloadUnreadable("The body is no XML that can be read.") from error
    if not reader.notifies:
        raise PayloadUnreadable("The body is no outbound message of Salesforce.")
    return reader.message


class _Reader:
    """Takes the ids and leaves everything else."""

    def __init__(self) -> None:
        self.message = Message()
        self.notifies = False
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._text = []
        if len(self._path) > _DEEPEST:
            raise PayloadUnreadable("The message is nested too deeply.")
        if name == f"{_OUTBOUND} notifications":
            self.notifies = True
        elif name == f"{_OUTBOUND} Notification":
            if len(self.message.notifications) == _MOST:
                raise PayloadUnreadable(f"The message has more than {_MOST} notifications.")
            self.message.notifications.append(Notification())
        elif name == f"{_OUTBOUND} sObject" and self.message.notifications:
            kind = attributes.get(_TYPE, "").rpartition(":")[2]
            self.message.notifications[-1].kind = kind[:60]

    def end(self, name: str) -> None:
        value = "".join(self._text).strip()
        above = self._path[-2] if len(self._path) > 1 else ""
        self._path.pop()
        self._text = []
        if name == f"{_OUTBOUND} OrganizationId" and above == f"{_OUTBOUND} notifications":
            self.message.organization = value[:64]
        elif not self.message.notifications:
            return
        elif name == f"{_OUTBOUND} Id" and above == f"{_OUTBOUND} Notification":
            self.message.notifications[-1].id = value[:40]
        elif name == f"{_SOBJECT} Id" and above == f"{_OUTBOUND} sObject":
            self.message.notifications[-1].record = value[:18]

    def text(self, data: str) -> None:
        self._text.append(data)


def _refuse(*_: object) -> int:
    raise PayloadUnreadable("A message with a document type is not read.")


def _plain(organization: str) -> str:
    """The last three of 18 characters only repeat the case of the first 15."""
    return organization[:15] if len(organization) == 18 else organization

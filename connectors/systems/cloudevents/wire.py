"""
The content modes of CloudEvents over HTTP (HTTP protocol binding 1.0.2, JSON format 1.0.2). The
content type decides: what comes as an event or a batch is one, whatever headers are sent with it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from connectors import bodies
from connectors.contract import PayloadUnreadable

_EVENT: Final = "application/cloudevents"
BATCH: Final = "application/cloudevents-batch+json"
STRUCTURED: Final = "application/cloudevents+json"
# Of the attributes that travel as headers in binary mode, those that usage is read from.
_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "subject", "time")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def events(body: bytes, headers: Mapping[str, str]) -> list[Any]:
    """
    The events of a call as JSON values. A batch may hold anything; what is no event in it is for
    the reader to refuse one by one. Raises PayloadUnreadable.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith(_EVENT) and kind not in (BATCH, STRUCTURED):
        raise PayloadUnreadable(f"Events are read as JSON, and these came as “{kind[:60]}”.")
    if not kind.startswith(_EVENT) and "ce-specversion" in headers:
        return [_binary(body, headers, kind)]
    value = bodies.read(body)
    if kind == BATCH or (isinstance(value, list) and kind != STRUCTURED):
        if not isinstance(value, list):
            raise PayloadUnreadable("A batch of events is a JSON array.")
        return [_with_data(event) for event in value]
    if kind == STRUCTURED or (isinstance(value, Mapping) and "specversion" in value):
        return [_with_data(value)]
    raise PayloadUnreadable(
        "The call is no CloudEvent: its content type is neither a batch nor an event, and it has "
        "no ce-specversion header."
    )


def _binary(body: bytes, headers: Mapping[str, str], kind: str) -> dict[str, Any]:
    """Attributes are headers ``ce-…``; the body is the data, and the content type is its type."""
    event: dict[str, Any] = {
        name: _value(headers[f"ce-{name}"]) for name in _ATTRIBUTES if f"ce-{name}" in headers
    }
    if body:
        if kind and not _is_json(kind):
            raise PayloadUnreadable(f"Usage is read from JSON, and its data are “{kind[:60]}”.")
        event["data"] = bodies.read(body)
    return event


def _value(header: str) -> str:
    """§3.1.3.2: quotes are taken off first, as older senders put them; then percent-encoding is."""
    text = header.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = _ESCAPED.sub(r"\1", text[1:-1])
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise PayloadUnreadable("A ce- header is not percent-encoded UTF-8.") from error


def _with_data(event: Any) -> Any:
    """
    ``data_base64`` as ``data``, when it holds JSON. Otherwise it stays where it is, and the reader
    refuses the record: one that is not understood must not count as one use.
    """
    if not isinstance(event, Mapping) or event.get("data_base64") is None:
        return event
    sealed, kind = event["data_base64"], event.get("datacontenttype")
    if not isinstance(sealed, str) or not (isinstance(kind, str) and _is_json(kind)):
        return event
    try:
        data = bodies.read(base64.b64decode(sealed, validate=True))
    except ValueError:
        return event
    return {name: value for name, value in event.items() if name != "data_base64"} | {"data": data}


def _is_json(kind: str) -> bool:
    name = kind.partition(";")[0].strip().lower()
    return name.endswith(("/json", "+json"))

"""The content modes of CloudEvents over HTTP, by the content type: batch, structured, binary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from connectors.contract import PayloadUnreadable
from revops.kernel import strict_json

BATCH: Final = "application/cloudevents-batch+json"
STRUCTURED: Final = "application/cloudevents+json"
# Of the attributes that travel as headers in binary mode, those that usage is read from.
_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "subject", "time")


def events(body: bytes, headers: Mapping[str, str]) -> list[Any]:
    """
    The events of a call as JSON values. A batch may hold anything; what is no event in it is for
    the reader to refuse one by one. Raises PayloadUnreadable.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if "ce-specversion" in headers:
        return [_binary(body, headers)]
    value = _json(body)
    if kind == BATCH or isinstance(value, list):
        if not isinstance(value, list):
            raise PayloadUnreadable("A batch of events is a JSON array.")
        return value
    if kind == STRUCTURED or (isinstance(value, Mapping) and "specversion" in value):
        return [value]
    raise PayloadUnreadable(
        "The call is no CloudEvent: its content type is neither a batch nor an event, and it has "
        "no ce-specversion header."
    )


def _binary(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Attributes are headers ``ce-…``, percent-encoded; the body is the data."""
    event: dict[str, Any] = {
        name: unquote(headers[f"ce-{name}"]) for name in _ATTRIBUTES if f"ce-{name}" in headers
    }
    if body:
        event["data"] = _json(body)
    return event


def _json(body: bytes) -> Any:
    try:
        return strict_json.loads(body)
    except strict_json.JsonRefused as error:
        raise PayloadUnreadable(str(error)) from error

"""What a command asks for, read as a model of the connector that is to do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from connectors.contract import Command, Outcome, Receipt
from revops.contracts.base import Part
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps

_Payload = TypeVar("_Payload", bound=Part)


class Unfit(Exception):
    """A request that must not be sent; ``code`` is for grouping, ``reason`` for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

    def receipt(self) -> Receipt:
        """The same as the answer to a command."""
        return refused(self.code, self.reason)


class PayloadRefused(ValueError):
    """Nothing can be sent of this; the message says why, in words for people."""

    def receipt(self) -> Receipt:
        """The same as the answer to a command."""
        return refused("payload_invalid", str(self))


def refused(code: str, reason: str) -> Receipt:
    """Of a command that the system will not do, or that is not sent to it at all."""
    return Receipt(Outcome.REFUSED, code=code, reason=reason)


def read(
    kind: str,
    payload: Mapping[str, Any],
    models: Mapping[str, type[_Payload]],
    *,
    otherwise: str = "The command's payload does not hold",
) -> _Payload:
    """The payload as its kind's model. ``otherwise`` begins the refusal. Raises PayloadRefused."""
    model = models.get(kind)
    if model is None:
        raise PayloadRefused(f"This connector does not know the command “{kind}”.")
    try:
        return model.model_validate(dict(payload))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise PayloadRefused(f"{otherwise}: {path}: {first['msg']}.") from None


def by_hand(
    kind: str, key: str, payload: Mapping[str, Any], *, story: str = "test", drafted_id: str = ""
) -> Command:
    """A command for tests, and for trying a connector out."""
    return Command(
        key=key,
        kind=kind,
        payload=payload,
        payload_sha256=sha256(dumps(payload)),
        correlation_id=story,
        drafted_id=drafted_id,
    )

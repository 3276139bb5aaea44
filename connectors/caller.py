"""A connection's system as its connector calls it, and amounts and fields as it writes them."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from connectors.contract import Outcome, Settings
from connectors.http import Client
from connectors.problem import Problem
from revops.kernel.money import LIMIT


class Caller:
    """Every method of what inherits from it raises ``Problem`` and nothing else."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self.settings = settings

    @property
    def base_url(self) -> str:
        return self.settings.base_url

    def said(self, name: str, otherwise: str = "") -> str:
        """A parameter of the connection as text."""
        return str(self.settings.parameters.get(name) or otherwise).strip()

    def unhurried(self) -> Self:
        """For a read after the last write: not held to the deadline of sending."""
        later = copy.copy(self)
        later._client = self._client.until(None)
        return later


def major(minor: int, digits: int) -> Decimal:
    """``1299000`` with two digits is ``12990.00``."""
    return Decimal(minor).scaleb(-digits)


def minor(value: Any, digits: int) -> int | None:
    """
    Minor units of a number or its text. None when it is none, finer than a minor unit, or larger
    than any amount of ours.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        found = Decimal(value).scaleb(digits)
    except InvalidOperation:
        return None
    if not found.is_finite() or found != found.to_integral_value() or abs(found) >= LIMIT:
        return None
    return int(found)


def garbled(system: str, what: str) -> Problem:
    """Of an answer to a read that does not say what it has to. ``what`` follows the name."""
    return Problem(Outcome.TRANSIENT, "garbled", f"{system}'s {what}")


def amount(system: str, value: Any, digits: int) -> int:
    """Minor units as ``minor`` has them. Raises Problem where there are none."""
    found = minor(value, digits)
    if found is None:
        raise garbled(system, f"answer has “{value}” as an amount.")
    return found


def needed(system: str, row: Mapping[str, Any], name: str) -> str:
    """A value that must be there, a text or a whole number, as text. Raises Problem."""
    value = row.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise garbled(system, f"answer has no “{name}” where it is needed.")
    return str(value)


def pairs(said: Any) -> dict[str, str]:
    """A connection's parameter such as ``US-INC=DEFAULT, UK-LTD=UK``."""
    found = {}
    for piece in str(said or "").split(","):
        left, _, right = piece.partition("=")
        if left.strip() and right.strip():
            found[left.strip()] = right.strip()
    return found


def lots(values: Sequence[str], at_once: int) -> list[Sequence[str]]:
    return [values[start : start + at_once] for start in range(0, len(values), at_once)]


def quoted(value: str) -> str:
    """A text within a query, as OData, SuiteQL and Fusion's ``q`` have it."""
    return "'" + value.replace("'", "''") + "'"


def any_of(field: str, values: Sequence[str]) -> str:
    """OData's filter for a field that has one of the values."""
    return "(" + " or ".join(f"{field} eq {quoted(value)}" for value in values) + ")"


def encode(value: Any) -> str:
    """JSON with decimals as numbers, exactly, and members in the order that they are given in."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(k))}:{encode(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(encode(item) for item in value) + "]"
    return json.dumps(value, allow_nan=False)

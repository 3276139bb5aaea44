"""Events of the published language, as a command tells them to whoever takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import AwareDatetime

from connectors.commands import read
from connectors.contract import Command
from revops.contracts.base import Part

KIND: Final = "portal.event"


class Told(Part):
    """What a command of ``KIND`` carries."""

    type: str
    contract: str
    occurred_at: AwareDatetime
    legal_entity: str
    data: Mapping[str, Any]


def of(command: Command) -> Told:
    """Raises PayloadRefused."""
    return read(
        command.kind, command.payload, {KIND: Told}, otherwise="This event cannot be told as it is"
    )

"""
What connectors have in common that send messages, to people and to subscribers (grade
``repeatable``): nobody can be asked what arrived, so what is in doubt is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.answers import evidence
from connectors.contract import Found, Outcome, Receipt, Settings
from connectors.http import Answer, Client
from connectors.manifest import Manifest
from connectors.problem import Problem
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps


class Messages:
    """The half of a CommandSink that does not depend on how a message is sent."""

    def __init__(self, file: str) -> None:
        """``file`` is that of the connector's module; the manifest is beside it."""
        self.manifest = Manifest.beside(file)

    def digest(self, payload: Mapping[str, Any]) -> str:
        return sha256(dumps(payload))

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """Nothing: nobody can be asked. What is in doubt is therefore sent again."""
        return {}


def turned_away(
    answer: Answer, outcome: Outcome, code: str, reason: str, wait: int | None = None
) -> Receipt:
    """Of a message that was not taken. ``wait`` is in seconds."""
    return Problem(outcome, code, reason, retry_after=wait, **evidence(answer)).receipt()

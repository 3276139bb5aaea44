"""A connection's settings as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Setup:
    """A connection's settings as a person typed them; ``entity`` is a code or blank."""

    label: str
    environment: str
    base_url: str
    zone: str
    entity: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fallback: tuple[str, int] | None = None

    def content(self) -> dict[str, Any]:
        """As plain JSON values; with a ``fallback`` and its minutes where it takes messages."""
        found = {
            "label": self.label,
            "environment": self.environment,
            "base_url": self.base_url,
            "zone": self.zone,
            "entity": self.entity,
            "parameters": dict(self.parameters),
        }
        if self.fallback is None:
            return found
        slug, after = self.fallback
        return found | {"fallback": slug, "fallback_after": after}

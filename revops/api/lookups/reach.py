"""Which legal entities a caller may read: all, or those that its token names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from accounts.models import ServiceToken
from accounts.tokens import entities_of

# Joined to ``entity``: what has no entity yet is seen only by who may see all.
WITHIN: Final = "(%(entities)s::text[] IS NULL OR entity.code = ANY(%(entities)s::text[]))"


@dataclass(frozen=True, slots=True)
class Reach:
    """``entities`` None is all of them."""

    entities: tuple[str, ...] | None

    @classmethod
    def of(cls, token: ServiceToken) -> Reach:
        return cls(entities_of(token.scopes))

    @property
    def values(self) -> dict[str, list[str] | None]:
        return {"entities": None if self.entities is None else list(self.entities)}


EVERYTHING: Final = Reach(None)

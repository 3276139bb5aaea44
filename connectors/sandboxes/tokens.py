"""Access tokens that a sandbox gives out, until they end."""

from __future__ import annotations

import secrets
from typing import Protocol


class Issuing(Protocol):
    """``issued`` counts the sign-ins that were granted."""

    issued: int

    def expire(self) -> None: ...


class Tokens:
    """``issued`` counts the sign-ins that were granted; ``prefix`` begins each token."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._good: set[str] = set()
        self.issued = 0

    def issue(self) -> str:
        token = self._prefix + secrets.token_urlsafe(48)
        self._good.add(token)
        self.issued += 1
        return token

    def knows(self, token: str) -> bool:
        return token in self._good

    def expire(self) -> None:
        """All that were given out."""
        self._good.clear()

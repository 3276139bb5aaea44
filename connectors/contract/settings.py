"""A connection as its connector sees it: what it is given, and how it is found right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from connectors.http import Client


@dataclass(frozen=True, slots=True)
class Settings:
    """A connection as its connector sees it: parameters and opened secrets."""

    slug: str
    base_url: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    zone: str = "UTC"


class Configured(Protocol):
    """A connector that parameters make what it is: each connection has one of its own."""

    def configured(self, settings: Settings) -> Any:
        """The connector for these settings; cheap, no I/O, raises nothing. ``manifest`` is its."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a parameter that somebody typed, in a sentence."""

    parameter: str
    words: str


class Checking(Protocol):
    """A connector that can tell whether parameters can be used, before they are kept."""

    def check(self, parameters: Mapping[str, Any]) -> Sequence[Trouble]:
        """Those of a connection as they would be kept; empty when they are right. No I/O."""


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One line of *test connection*, in words."""

    label: str
    passed: bool
    detail: str = ""


class Probe(Protocol):
    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        """Read-only calls that show whether address, credentials and rights are right."""

"""The parts of a manifest: choices and tables that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    BOTH = "both"


class Capability(StrEnum):
    """What a connector can do; screens and tasks ask for these and never for a slug."""

    EVENTS = "events"
    COMMANDS = "commands"
    SNAPSHOTS = "snapshots"
    PROBE = "probe"
    FETCH = "fetch"
    USAGE = "usage"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    A setting that is no secret. ``type``: text, integer, boolean, date, choice, json (typed in
    several lines), or address: a path of the connection's own host, or a whole address; changing
    it ends the credentials, because they would go to another place. ``labels`` are what people read
    for ``choices``, in their order.
    """

    name: str
    label: str
    type: str = "text"
    required: bool = False
    default: str | int | bool | None = None
    choices: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """
    Something that is stored sealed, shown never, and given to the connector opened.

    ``lasts_days``: the system takes none for longer. ``lines``: it is several lines long, as a
    private key is.
    """

    name: str
    label: str
    required: bool = True
    help: str = ""
    lasts_days: int | None = None
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Auth:
    """
    One way to sign in: which secrets and parameters it takes, beside those that all take, and, of
    several ways, which parameter values choose it. ``tokens``: what it brings ends and is renewed.
    """

    slug: str
    label: str
    secrets: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    chosen_by: Mapping[str, Any] = field(default_factory=dict)
    tokens: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """An address that the system has: ``kind`` is sandbox or production; ``{parameter}`` stands."""

    kind: str
    label: str
    base_url: str
    help: str = ""


class Evidence(StrEnum):
    """What something was verified against, the strongest first."""

    PEER = "peer"
    LIBRARY = "library"
    SPECIFICATION = "specification"
    DOCUMENTS = "documents"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Verified:
    """
    ``what`` was verified, ``against`` which edition of what, ``on`` which day (ISO). ``by`` is the
    kind of evidence: a running system that we did not write, the vendor's library, a published
    specification, documents, or only what others have published that relies on it.
    """

    what: str
    by: Evidence
    against: str
    on: str


@dataclass(frozen=True, slots=True)
class Signature:
    """How inbound calls prove their origin; ``secret`` names the secret that signs them."""

    scheme: str
    header: str
    secret: str
    tolerance_s: int = 300


@dataclass(frozen=True, slots=True)
class Switch:
    """
    One way to break the connector's sandbox: ``on`` and ``off`` are sent to ``door`` below
    ``/_control/``. ``fault`` names it in the door's answer, and without one nobody can tell whether
    it is on. Without ``off`` what is on is set to false. ``{period}`` is this month where the books
    are, each of two while it has turned for some of them only.
    """

    slug: str
    label: str
    hint: str
    on: Mapping[str, Any]
    off: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""
    door: str = "faults"
    undo: str = "Mend"

    @property
    def undone(self) -> Mapping[str, Any]:
        return self.off or dict.fromkeys(self.on, False)

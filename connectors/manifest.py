"""What a connector says about itself in ``manifest.toml``, beside its ``connector.py``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from connectors.contract import Grade

# Used when nobody knows how late a target may still commit (reliability: rule 5).
UNKNOWN_SETTLE_S: Final = 20 * 60

_SLUG = re.compile(r"[a-z][a-z0-9_]{1,30}", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9-]|\{[a-z_]+\}|\.)+(?::[0-9]+)?|\*", re.ASCII)


class ManifestInvalid(ValueError):
    """A manifest that cannot be used; the message names the file and every problem in it."""


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
    """A setting that is no secret. ``type``: text, integer, boolean, date or choice."""

    name: str
    label: str
    type: str = "text"
    required: bool = False
    default: str | int | bool | None = None
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that is stored sealed, shown never, and given to the connector opened."""

    name: str
    label: str
    required: bool = True
    help: str = ""


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
    it is on. Without ``off`` what is on is set to false. ``{period}`` is this month.
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


@dataclass(frozen=True, slots=True)
class Manifest:
    """
    All facts that the console needs about a connector without importing it.

    ``hosts`` are the addresses that a connection's base URL may have: literal host names, names
    with ``{parameter}`` for one label, or ``*`` for systems that people host themselves.
    Durations are in seconds. ``server_max_s`` is the longest that the target may work on a call
    after we stopped listening, None when nobody knows. ``fetch_after_s``: how old an event has to
    be before its object is asked for, because a vendor with a coarse clock may change the object
    again within the same tick. ``sandbox_page``: the sandbox shows people at its own address what
    arrived there. ``lists`` are the kinds of ``snapshot``; without that capability a person's file
    brings them.
    """

    slug: str
    label: str
    role: str
    direction: Direction
    capabilities: tuple[Capability, ...]
    hosts: tuple[str, ...]
    docs: str
    base_url: str = ""
    emits: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    secrets: tuple[Secret, ...] = ()
    signature: Signature | None = None
    grade: Grade = Grade.READ_ONLY_CHECK
    grade_note: str = ""
    dedupe_window_s: int | None = None
    send_budget_s: float = 15
    connect_timeout_s: float = 5
    read_timeout_s: float = 30
    timeout_s: float = 60
    server_max_s: float | None = None
    search_lag_s: float = 0
    skew_s: float = 5
    max_in_flight: int = 4
    max_batch: int = 1
    requests_per_second: float | None = None
    burst: int = 1
    one_writer: bool = False
    poll_interval_s: int = 300
    poll_overlap_s: int = 300
    first_lookback_s: int = 7 * 24 * 3600
    retention_s: int | None = None
    fetch_after_s: float = 0
    sandbox_port: int | None = None
    sandbox_page: bool = False
    switches: tuple[Switch, ...] = ()

    @property
    def settle_window_s(self) -> float:
        """
        How long after a send *not found* is not yet proof: the target may still commit until the
        send budget, our own timeout, its slowest work and its search index have all passed.
        """
        if self.server_max_s is None:
            return UNKNOWN_SETTLE_S
        return (
            self.send_budget_s
            + self.timeout_s
            + self.server_max_s
            + self.search_lag_s
            + self.skew_s
        )

    def can(self, capability: Capability | str) -> bool:
        return capability in self.capabilities

    @classmethod
    def beside(cls, file: str) -> Self:
        """The manifest in the folder of a module's ``__file__``. Raises ManifestInvalid."""
        return cls.read(Path(file).with_name("manifest.toml"))

    @classmethod
    @cache
    def read(cls, path: Path) -> Self:
        """Read and check a manifest. Raises ManifestInvalid."""
        where = f"{path.parent.name}/{path.name}"
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ManifestInvalid(f"{where}: cannot be read ({error.strerror}).") from error
        except ValueError as error:
            raise ManifestInvalid(f"{where}: is not TOML: {error}.") from error
        return cls.parse(values, where=where)

    @classmethod
    def parse(cls, values: Mapping[str, Any], *, where: str = "manifest") -> Self:
        """The manifest from parsed TOML; ``where`` leads the error text. Raises ManifestInvalid."""
        problems: list[str] = []
        flat = dict(values)
        limits = flat.pop("limits", {})
        polling = {
            f"poll_{key}" if key in ("interval_s", "overlap_s") else key: value
            for key, value in flat.pop("polling", {}).items()
        }
        flat |= {**limits, **polling}
        for name, part in (
            ("parameters", Parameter),
            ("secrets", Secret),
            ("switches", Switch),
        ):
            flat[name] = tuple(
                _part(part, item, f"{name}[{index}]", problems)
                for index, item in enumerate(flat.get(name, ()))
            )
        if "signature" in flat:
            flat["signature"] = _part(Signature, flat["signature"], "signature", problems)
        for name, kind in (("direction", Direction), ("grade", Grade)):
            if name in flat:
                flat[name] = _member(kind, flat[name], name, problems)
        flat["capabilities"] = tuple(
            _member(Capability, item, "capabilities", problems)
            for item in flat.get("capabilities", ())
        )
        for name in ("hosts", "emits", "accepts", "lists"):
            flat[name] = tuple(flat.get(name, ()))
        manifest: Self | None = None if problems else _part(cls, flat, "", problems)
        if manifest is not None:
            problems += _contradictions(manifest)
        if problems or manifest is None:
            raise ManifestInvalid(f"{where}: " + "; ".join(problems) + ".")
        return manifest


def _part(kind: type[Any], values: Any, where: str, problems: list[str]) -> Any:
    """``kind`` from a TOML table; unknown, missing and mistyped fields are problems."""
    lead = f"{where}: " if where else ""
    if not isinstance(values, dict):
        problems.append(f"{lead}must be a table")
        return None
    known = {item.name: item for item in fields(kind)}
    found = {key: tuple(item) if isinstance(item, list) else item for key, item in values.items()}
    wrong = [f"{lead}“{key}” is not known" for key in found if key not in known]
    wrong += [
        f"{lead}“{name}” is missing"
        for name, item in known.items()
        if name not in found and item.default is MISSING and item.default_factory is MISSING
    ]
    wrong += [
        f"{lead}“{key}” must be {_words(str(known[key].type))}"
        for key, value in found.items()
        if key in known and not _fits(value, str(known[key].type))
    ]
    problems += wrong
    return None if wrong else kind(**found)


_PLAIN: Final[Mapping[str, type]] = {"str": str, "bool": bool, "int": int, "float": float}


def _fits(value: Any, annotation: str) -> bool:
    names = [name.strip() for name in annotation.split("|")]
    plain = [name for name in names if name in _PLAIN]
    if not plain:
        return True  # an enum, a tuple or a part: read and checked by its own function
    if value is None:
        return "None" in names
    if isinstance(value, bool):
        return "bool" in plain
    if isinstance(value, int) and "float" in plain:
        return value >= 0
    return isinstance(value, tuple(_PLAIN[name] for name in plain))


def _words(annotation: str) -> str:
    return annotation.replace("str", "text").replace(" | None", "").replace("float", "a number")


def _member(kind: type[StrEnum], value: Any, name: str, problems: list[str]) -> Any:
    try:
        return kind(value)
    except ValueError:
        problems.append(f"“{name}” is {value!r}, but must be one of {', '.join(kind)}")
        return None


def _contradictions(manifest: Manifest) -> list[str]:
    """Facts that are well formed but cannot all be true."""
    found = []
    if not _SLUG.fullmatch(manifest.slug):
        found.append(f"the slug “{manifest.slug}” must be lower-case letters, digits and _")
    found += [
        f"the host “{host}” is no host template"
        for host in manifest.hosts
        if not _HOST.fullmatch(host)
    ]
    found += [
        f"the switch “{switch.slug}” must say what turns it on"
        for switch in manifest.switches
        if not isinstance(switch.on, dict) or not switch.on or not isinstance(switch.off, dict)
    ]
    if not manifest.hosts:
        found.append("“hosts” must name at least one host")
    if manifest.can(Capability.EVENTS) != bool(manifest.emits):
        found.append("“emits” and the capability “events” belong together")
    if manifest.can(Capability.COMMANDS) != bool(manifest.accepts):
        found.append("“accepts” and the capability “commands” belong together")
    if manifest.can(Capability.SNAPSHOTS) and not manifest.lists:
        found.append("the capability “snapshots” needs “lists”")
    if manifest.direction is Direction.IN and manifest.accepts:
        found.append("the direction is “in”, yet it accepts commands")
    if manifest.direction is Direction.OUT and manifest.emits:
        found.append("the direction is “out”, yet it emits events")
    if manifest.grade is Grade.IDEMPOTENT_WINDOW and not manifest.dedupe_window_s:
        found.append("the grade “idempotent_window” needs “dedupe_window_s”")
    if manifest.grade is Grade.REPEATABLE and not all(
        kind.startswith("notice.") for kind in manifest.accepts
    ):
        found.append("the grade “repeatable” is for messages to people (“notice.…”) alone")
    if manifest.max_in_flight < 1 or manifest.max_batch < 1:
        found.append("“max_in_flight” and “max_batch” are at least 1")
    if manifest.signature and manifest.signature.secret not in {s.name for s in manifest.secrets}:
        found.append(f"the signature's secret “{manifest.signature.secret}” is not among “secrets”")
    placeholders = set(re.findall(r"\{([a-z_]+)\}", " ".join(manifest.hosts)))
    missing = placeholders - {parameter.name for parameter in manifest.parameters}
    found += [f"the host names {{{name}}}, which is no parameter" for name in sorted(missing)]
    return found

"""What a connector says about itself in ``manifest.toml``, beside its ``connector.py``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from connectors.contract import Grade
from connectors.manifest.parts import (
    Auth,
    Capability,
    Direction,
    Evidence,
    Parameter,
    Place,
    Secret,
    Signature,
    Switch,
    Verified,
)
from connectors.manifest.reading import member, part

__all__ = [
    "SLUG",
    "UNKNOWN_SETTLE_S",
    "Auth",
    "Capability",
    "Direction",
    "Evidence",
    "Manifest",
    "ManifestInvalid",
    "Parameter",
    "Place",
    "Secret",
    "Signature",
    "Switch",
    "Verified",
]

# Used when nobody knows how late a target may still commit (reliability: rule 5).
UNKNOWN_SETTLE_S: Final = 20 * 60

SLUG: Final = re.compile(r"[a-z][a-z0-9_]{1,30}", re.ASCII)
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9-]|\{[a-z_]+\}|\.)+(?::[0-9]+)?|\*", re.ASCII)


class ManifestInvalid(ValueError):
    """A manifest that cannot be used; the message names the file and every problem in it."""


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
    brings them. ``auth`` are the ways to sign in, one or several to choose from; ``places`` the
    addresses that the system has, for ``base_url``, whose field on the form says ``base_url_help``.
    ``unverified`` are sentences for people: what nobody has seen to be so.
    """

    slug: str
    label: str
    role: str
    direction: Direction
    capabilities: tuple[Capability, ...]
    hosts: tuple[str, ...]
    docs: str
    base_url: str = ""
    base_url_help: str = ""
    places: tuple[Place, ...] = ()
    auth: tuple[Auth, ...] = ()
    verified: tuple[Verified, ...] = ()
    unverified: tuple[str, ...] = ()
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
        flat["verified"] = [_evidence(item, problems) for item in flat.get("verified", ())]
        limits = flat.pop("limits", {})
        polling = {
            f"poll_{key}" if key in ("interval_s", "overlap_s") else key: value
            for key, value in flat.pop("polling", {}).items()
        }
        flat |= {**limits, **polling}
        for name, table in (
            ("parameters", Parameter),
            ("secrets", Secret),
            ("switches", Switch),
            ("auth", Auth),
            ("places", Place),
            ("verified", Verified),
        ):
            flat[name] = tuple(
                part(table, item, f"{name}[{index}]", problems)
                for index, item in enumerate(flat.get(name, ()))
            )
        if "signature" in flat:
            flat["signature"] = part(Signature, flat["signature"], "signature", problems)
        for name, kind in (("direction", Direction), ("grade", Grade)):
            if name in flat:
                flat[name] = member(kind, flat[name], name, problems)
        flat["capabilities"] = tuple(
            member(Capability, item, "capabilities", problems)
            for item in flat.get("capabilities", ())
        )
        for name in ("hosts", "emits", "accepts", "lists", "unverified"):
            flat[name] = tuple(flat.get(name, ()))
        manifest: Self | None = None if problems else part(cls, flat, "", problems)
        if manifest is not None:
            problems += _contradictions(manifest)
        if problems or manifest is None:
            raise ManifestInvalid(f"{where}: " + "; ".join(problems) + ".")
        return manifest


def _evidence(item: Any, problems: list[str]) -> Any:
    """A row of ``verified``, with its kind of evidence read."""
    if not isinstance(item, dict) or "by" not in item:
        return item
    return {**item, "by": member(Evidence, item["by"], "by", problems)}


def _contradictions(manifest: Manifest) -> list[str]:
    """Facts that are well formed but cannot all be true."""
    found = []
    if not SLUG.fullmatch(manifest.slug):
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
        kind.startswith(("notice.", "portal.")) for kind in manifest.accepts
    ):
        found.append(
            "the grade “repeatable” is for messages alone, to people (“notice.…”) and to "
            "subscribers who know a message by its id (“portal.…”)"
        )
    if manifest.max_in_flight < 1 or manifest.max_batch < 1:
        found.append("“max_in_flight” and “max_batch” are at least 1")
    if manifest.signature and manifest.signature.secret not in {s.name for s in manifest.secrets}:
        found.append(f"the signature's secret “{manifest.signature.secret}” is not among “secrets”")
    found += _unknown(manifest)
    placeholders = set(re.findall(r"\{([a-z_]+)\}", " ".join(manifest.hosts)))
    missing = placeholders - {parameter.name for parameter in manifest.parameters}
    found += [f"the host names {{{name}}}, which is no parameter" for name in sorted(missing)]
    return found


def _unknown(manifest: Manifest) -> list[str]:
    """What ways to sign in, addresses and evidence name that is not there."""
    secrets = {secret.name for secret in manifest.secrets}
    parameters = {parameter.name for parameter in manifest.parameters}
    found = []
    for way in manifest.auth:
        missing = [
            *(name for name in way.secrets if name not in secrets),
            *(name for name in (*way.parameters, *way.chosen_by) if name not in parameters),
        ]
        found += [f"the way to sign in “{way.slug}” names “{name}”, which is not there"
                  for name in missing]  # fmt: skip
        if len(manifest.auth) > 1 and not way.chosen_by:
            found.append(f"the way to sign in “{way.slug}” must say what chooses it")
    for place in manifest.places:
        if place.kind not in ("sandbox", "production"):
            found.append(f"the place “{place.label}” must be of the kind sandbox or production")
    for one in manifest.verified:
        if not _DAY.fullmatch(one.on):
            found.append(f"“{one.what}” was verified on no day (YYYY-MM-DD)")
    return found

"""What a connector says about itself in ``manifest.toml``, beside its ``connector.py``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from connectors.contract import Grade
from connectors.manifest.checking import SLUG, contradictions
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
    ``unverified`` are sentences for people: what nobody has seen to be so. ``makes_customers`` are
    the kinds of command that make the customers whom they name, besides ``customer.upsert``.
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
    makes_customers: tuple[str, ...] = ()
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
        for name in ("hosts", "emits", "accepts", "lists", "makes_customers", "unverified"):
            flat[name] = tuple(flat.get(name, ()))
        manifest: Self | None = None if problems else part(cls, flat, "", problems)
        if manifest is not None:
            problems += contradictions(manifest)
        if problems or manifest is None:
            raise ManifestInvalid(f"{where}: " + "; ".join(problems) + ".")
        return manifest


def _evidence(item: Any, problems: list[str]) -> Any:
    """A row of ``verified``, with its kind of evidence read."""
    if not isinstance(item, dict) or "by" not in item:
        return item
    return {**item, "by": member(Evidence, item["by"], "by", problems)}

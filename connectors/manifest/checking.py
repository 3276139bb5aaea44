"""Facts of a manifest that are well formed but cannot all be true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connectors.contract import Grade
from connectors.manifest.parts import Capability, Direction

if TYPE_CHECKING:
    from connectors.manifest import Manifest

SLUG: Final = re.compile(r"[a-z][a-z0-9_]{1,30}", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9-]|\{[a-z_]+\}|\.)+(?::[0-9]+)?|\*", re.ASCII)
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)


def contradictions(manifest: Manifest) -> list[str]:
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
    found += [
        f"the parameter “{one.name}” has a label for each of its choices, or for none"
        for one in manifest.parameters
        if one.labels and len(one.labels) != len(one.choices)
    ]
    if not manifest.hosts:
        found.append("“hosts” must name at least one host")
    if manifest.can(Capability.EVENTS) != bool(manifest.emits):
        found.append("“emits” and the capability “events” belong together")
    if manifest.can(Capability.COMMANDS) != bool(manifest.accepts):
        found.append("“accepts” and the capability “commands” belong together")
    if manifest.can(Capability.SNAPSHOTS) and not manifest.lists:
        found.append("the capability “snapshots” needs “lists”")
    found += [
        f"“makes_customers” names “{kind}”, which is not among “accepts”"
        for kind in manifest.makes_customers
        if kind not in manifest.accepts
    ]
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

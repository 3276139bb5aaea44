"""
What a system told, and what it means by the connection's mapping.

Two sorts of bodies come in. A webhook's stands as it came. An object that we asked for, by a poll
or because a webhook named it, stands as ``{"polled_as": kind, "object": …}`` or ``{"read_as": …}``.
What the mapping cannot read is stored all the same, and told as unreadable when it is understood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors import bodies
from connectors.contract import Envelope, NeedsFetch, PayloadUnreadable
from connectors.systems.rest.converting import Unfit, instant, integer, text
from connectors.systems.rest.mapping import Kind
from connectors.systems.rest.paths import ABSENT, Path
from connectors.systems.rest.takes import Scope, holds, made
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel import clock, strict_json
from revops.kernel.keys import sha256

POLLED: Final = "polled_as"
READ: Final = "read_as"
OWN: Final = (POLLED, READ)
NAMED: Final = "named"
_UNKNOWN: Final = "unreadable"
_LONGEST_ID: Final = 100


@dataclass(frozen=True, slots=True)
class Reader:
    """
    ``by_naming``: webhooks prove their sender alone, so that they only name what changed.
    ``listens``: there are webhooks at all, so that what a poll finds should have been told before.
    """

    kinds: Sequence[Kind]
    by_naming: bool = False
    listens: bool = True
    trouble: str = ""

    def kind(self, name: str) -> Kind | None:
        return next((one for one in self.kinds if one.name == name), None)

    def open(self, body: bytes) -> Envelope:
        """Raises PayloadUnreadable only for what is no JSON object, or an empty one."""
        raw = parsed(body)
        if len(raw) == 2 and "object" in raw and (POLLED in raw or READ in raw):
            return self._asked_for(raw)
        for kind in self.kinds:
            if kind.hook is not None and holds(kind.hook.when, Scope(raw, raw)):
                return self._told(kind, raw)
        if self.trouble:
            return _unreadable(_UNKNOWN, raw)
        return _unreadable(_UNKNOWN, raw, ignored="No kind of the mapping is for this call.")

    def translate(self, envelope: Envelope, zone: str) -> Sequence[EventData]:
        """Raises NeedsFetch, PayloadUnreadable with the path's name, ContractBroken."""
        raw = envelope.raw
        if self.trouble:
            raise PayloadUnreadable(self.trouble)
        if envelope.ignored:
            return ()
        if len(raw) == 2 and "object" in raw and (POLLED in raw or READ in raw):
            kind, thing = self.kind(str(raw.get(POLLED) or raw.get(READ))), raw["object"]
        else:
            kind = self.kind(envelope.type.partition(":")[0])
            if kind is not None and kind.hook is not None and self._names(kind):
                named(kind, raw)
                raise NeedsFetch(f"The call names the {kind.name}; it is asked for.")
            thing = kind.hook.at.read(raw) if kind is not None and kind.hook is not None else raw
        if kind is None:
            raise PayloadUnreadable("The mapping has no kind for this any more.")
        identity(kind, thing)
        scope = Scope(thing, thing, zone)
        return [
            registry.read(rule.contract, made(rule.fields, scope))
            for rule in kind.rules
            if holds(rule.when, scope)
        ]

    def _names(self, kind: Kind) -> bool:
        return self.by_naming or (kind.hook is not None and kind.hook.thin)

    def _asked_for(self, raw: Mapping[str, Any]) -> Envelope:
        kind = self.kind(str(raw.get(POLLED) or raw.get(READ)))
        if kind is None:
            return _unreadable(_UNKNOWN, raw)
        return self._whole(kind, raw, raw["object"], read=READ in raw)

    def _told(self, kind: Kind, raw: Mapping[str, Any]) -> Envelope:
        assert kind.hook is not None
        if not self._names(kind):
            return self._whole(kind, raw, kind.hook.at.read(raw), read=False)
        try:
            number, mark = named(kind, raw)
        except PayloadUnreadable:
            return _unreadable(f"{kind.name}:{NAMED}", raw)
        return Envelope(
            event_id=f"{kind.name}:{number}:{NAMED}:{sha256(mark)[:16]}",
            type=f"{kind.name}:{NAMED}", account="", object_type=kind.name, object_id=number,
            object_version=0, occurred_at=clock.now(), raw=raw,
            content={"named": number, "version": mark},
        )  # fmt: skip

    def _whole(self, kind: Kind, raw: Mapping[str, Any], thing: Any, *, read: bool) -> Envelope:
        try:
            number, at, version = identity(kind, thing)
        except PayloadUnreadable:
            return _unreadable(kind.name, raw)
        content = {"kind": kind.name, "object": thing}
        mark = sha256(strict_json.dumps(content))[:16]
        # What was read because of a call is newer than the call.
        version = 2 * version + read
        scope = Scope(thing, thing)
        quiet = not any(holds(rule.when, scope) for rule in kind.rules)
        return Envelope(
            event_id=f"{kind.name}:{number}:{version}:{mark}",
            type=kind.name, account="", object_type=kind.name, object_id=number,
            object_version=version, occurred_at=at, raw=raw, content=content,
            polled=kind.hook is None or not self.listens,
            ignored=f"Nothing of the mapping fits this {kind.name}." if quiet else "",
        )  # fmt: skip


def parsed(body: bytes) -> Mapping[str, Any]:
    raw = bodies.read(body)
    if not isinstance(raw, dict) or not raw:
        raise PayloadUnreadable("The body is no object, or an empty one.")
    return raw


def body_of(kind: Kind, thing: Any, *, as_: str) -> bytes:
    """An object that was asked for, as it enters the inbox."""
    return strict_json.dumps({as_: kind.name, "object": thing}).encode()


def identity(kind: Kind, thing: Any) -> tuple[str, datetime, int]:
    """(id, when it changed, its version) of an object. Raises PayloadUnreadable with the path."""
    number = _id(kind.id, thing, thing)
    at = when(kind, thing)
    if kind.version is None:
        return number, at, round(at.timestamp() * 1000)
    found = kind.version.read(thing)
    try:
        version = integer(found) if found is not ABSENT else 0
    except Unfit as unfit:
        raise PayloadUnreadable(f"“{kind.version.text}”, the version, {unfit}.") from None
    if found is ABSENT or not 0 <= version < 10**15:
        raise PayloadUnreadable(f"“{kind.version.text}”, the version, is not there.")
    return number, at, version


def when(kind: Kind, thing: Any) -> datetime:
    """When an object changed last. Raises PayloadUnreadable."""
    found = kind.at.path.read(thing)
    if found is ABSENT:
        raise PayloadUnreadable(f"“{kind.at.path.text}”, when it changed, is not there.")
    try:
        return instant(found, kind.at.time)
    except Unfit as unfit:
        raise PayloadUnreadable(f"“{kind.at.path.text}”, when it changed, {unfit}.") from None


def named(kind: Kind, raw: Mapping[str, Any]) -> tuple[str, str]:
    """(id, what differs each time) of a call that only names. Raises PayloadUnreadable."""
    hook = kind.hook
    assert hook is not None
    thing = hook.at.read(raw)
    number = _id(hook.id, thing, raw)
    mark = hook.version.read(thing, raw) if hook.version is not None else raw
    if mark is ABSENT and hook.version is not None:
        raise PayloadUnreadable(f"“{hook.version.text}”, its version, is not there.")
    return number, strict_json.dumps(mark)


def _id(path: Path, thing: Any, whole: Any) -> str:
    try:
        found = text(path.read(thing, whole))
    except Unfit:
        found = ""
    if not found or len(found) > _LONGEST_ID:
        raise PayloadUnreadable(f"“{path.text}”, the id, is not there or none.")
    return found


def _unreadable(kind: str, raw: Mapping[str, Any], *, ignored: str = "") -> Envelope:
    """Stored under its own hash; a person sees it, unless it is ``ignored``."""
    digest = sha256(strict_json.dumps(raw))
    return Envelope(
        event_id=f"{kind}:{digest[:40]}", type=kind, account="", object_type="", object_id="",
        object_version=0, occurred_at=clock.now(), raw=raw, ignored=ignored,
    )  # fmt: skip

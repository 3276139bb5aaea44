"""What acts are called, what they were done to, and what changed, for people."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.urls import reverse

from accounts.roles import Role
from revops.audit.chain import Link, hash_of, mac_of
from revops.audit.models import Event

ACTS: Final[Mapping[str, str]] = {
    "alerts.acknowledge": "Took an alert on",
    "alerts.rule_changed": "Changed an alert rule",
    "alerts.rule_made": "Made an alert rule",
    "alerts.rule_off": "Turned an alert rule off",
    "alerts.rule_on": "Turned an alert rule on",
    "approval.approve": "Approved",
    "approval.asked": "Asked for approval",
    "approval.commented": "Commented",
    "approval.delegated": "Delegated",
    "approval.delegation_ended": "Took back a delegation",
    "approval.edited": "Edited",
    "approval.expired": "Expired",
    "approval.joined": "Joined",
    "approval.policy_begun": "Began a policy",
    "approval.refused": "Tried to decide",
    "approval.reject": "Rejected",
    "approval.reviewed": "Reviewed",
    "approval.send_back": "Sent back",
    "approval.withdrawn": "Withdrew",
    "audit.export": "Exported evidence",
    "audit.verify": "Verified the trail",
    "break_glass.asked": "Asked for emergency rights",
    "break_glass.granted": "Granted emergency rights",
    "break_glass.refused": "Refused emergency rights",
    "break_glass.reviewed": "Reviewed emergency rights",
    "entity_group.made": "Made a group of legal entities",
    "entity_group.changed": "Changed a group of legal entities",
    "emergency_account.sealed": "Sealed the emergency account",
    "emergency_account.opened": "Opened the emergency account",
    "emergency_account.tried": "Tried to sign in to the emergency account",
    "cases.comment": "Commented",
    "cases.comment_edit": "Changed a comment",
    "cases.compensate": "Asked to take back",
    "cases.retry": "Tried again",
    "connections.add": "Added a connection",
    "connections.change": "Changed the settings",
    "connections.drift": "Accepted what it sends",
    "connections.limit": "Set limits",
    "connections.pause": "Paused",
    "connections.poll": "Asked for news",
    "connections.resume": "Resumed",
    "connections.retire": "Took out of use",
    "connections.secret": "Set a secret",
    "connections.test": "Tested",
    "connections.trial": "Tried now",
    "connections.use": "Put into use",
    "connections.weekly": "Set weekly maintenance",
    "connections.window": "Set maintenance",
    "credit.approved": "Approved",
    "credit.discarded": "Discarded",
    "credit.given_otherwise": "Gave another way",
    "credit.reversal_agreed": "Agreed to take back",
    "credit.reversal_asked": "Asked to take back",
    "credit.sent": "Sent for approval",
    "credits.promise.made": "Made a promise",
    "credits.rule.made": "Made a rule",
    "credits.terms.ended": "Ended terms",
    "export": "Took a file",
    "export.refused": "Was refused a file",
    "flows.compensate": "Took back",
    "identity.keep_apart": "Kept apart",
    "identity.merge": "Merged",
    "identity.set_parent": "Set the customer above",
    "identity.unmerge": "Parted again",
    "maps.tax": "Mapped a tax",
    "payload.reveal": "Revealed",
    "people.reveal": "Revealed",
    "periods.close": "Closed",
    "periods.open": "Opened again",
    "person.accounts_tied": "Said to be one person",
    "person.accounts_untied": "Said to be two people",
    "person.deactivated": "Deactivated",
    "person.erase": "Erased a person",
    "person.invited": "Invited",
    "person.password_link": "Made a password link",
    "person.password_set": "Set a password",
    "person.provider_linked": "Linked a sign-in",
    "person.role_ended": "Ended a role",
    "person.role_granted": "Gave a role",
    "rates.policy": "Set a rate policy",
    "rates.publish": "Published rates",
    "rehearsals.count": "Counted again",
    "rehearsals.start": "Started a rehearsal",
    "rehearsals.stop": "Stopped a rehearsal",
    "retention.apply": "Applied retention",
    "sandbox.mend": "Mended the sandbox",
    "sandbox.switch": "Switched the sandbox",
    "second_factor.codes_renewed": "Renewed codes",
    "second_factor.key_added": "Added a security key",
    "second_factor.key_removed": "Took a security key away",
    "second_factor.removed": "Removed a second factor",
    "second_factor.set_up": "Set up a second factor",
    "session.begun": "Signed in",
    "session.ended": "Signed out",
    "session.refused": "Was not let in",
    "tokens.create": "Made",
    "tokens.revoke": "Revoked",
    "usage.close": "Rated for good",
}
_SHOWN: Final = 3
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FRACTION: Final = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)\.\d+")
_LONGEST: Final = 80
_ROLES: Final = {role.value: role.label for role in Role}


@dataclass(frozen=True, slots=True)
class Change:
    """A field that an act changed; “” where it was or is nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Act:
    """A row of the trail for a page."""

    event: Event
    name: str
    roles: str
    verb: str
    label: str
    reason: str
    ip: str
    session: str
    url: str
    fits: bool
    changes: Sequence[Change] = field(default_factory=tuple)

    @property
    def kind(self) -> str:
        return self.event.kind.replace("_", " ")

    @property
    def hash(self) -> str:
        return bytes(self.event.hash).hex()

    @property
    def prev(self) -> str:
        return bytes(self.event.prev).hex()

    @property
    def seal(self) -> str:
        return bytes(self.event.detail_mac).hex()

    @property
    def erased(self) -> bool:
        return self.event.detail is None

    @property
    def shown(self) -> Sequence[Change]:
        return self.changes[:_SHOWN]

    @property
    def more(self) -> int:
        return len(self.changes) - len(self.shown)


def act_of(event: Event) -> Act:
    """``fits``: its own hash and seal are right; whether it follows the one before, verify says."""
    detail: Mapping[str, Any] = json.loads(event.detail) if event.detail else {}
    return Act(
        event=event,
        name=str(detail.get("name") or event.actor),
        roles=", ".join(_ROLES.get(role, role) for role in event.roles.split()),
        verb=verb(event.action),
        label=str(detail.get("label", "")),
        reason=str(detail.get("reason", "")),
        ip=str(detail.get("ip", "")),
        session=str(detail.get("session", "")),
        url=_url(event),
        fits=_fits(event),
        changes=_changes(detail.get("before", {}), detail.get("after", {})),
    )


def verb(action: str) -> str:
    """What the person did: “Closed”; of an action without words, its own name in words."""
    said = ACTS.get(action)
    return said or action.replace(".", ": ").replace("_", " ").capitalize()


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    names = [*after, *(name for name in before if name not in after)]
    found = [
        Change(name.replace("_", " ").capitalize(), _text(before.get(name)), _text(after.get(name)))
        for name in names
    ]
    # What changed first; a digest tells a person nothing, so it comes last.
    return sorted(
        found, key=lambda one: (bool(_DIGEST.fullmatch(one.after)), one.before == one.after)
    )


def _text(value: Any) -> str:
    text = _FRACTION.sub(r"\1", _said(value))
    return text if len(text) <= _LONGEST * 5 else f"{text[: _LONGEST * 5]}…"


def _said(value: Any) -> str:
    """``entity US-INC, values (account 2100)``: as people write, with no bracket of a program."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        known = {name: held for name, held in value.items() if held not in (None, "", [], {})}
        return ", ".join(
            f"{name.replace('_', ' ')} "
            + (f"({_said(held)})" if isinstance(held, Mapping) else _said(held))
            for name, held in known.items()
        )
    if isinstance(value, list):
        between = "; " if any(isinstance(one, Mapping) for one in value) else ", "
        return between.join(_said(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value)


_PLACES: Final[Mapping[str, Callable[[str], str]]] = {
    "alert": lambda ref: reverse("alerts:alert", args=[int(ref.removeprefix("ALT-"))]),
    "alert_rule": lambda ref: reverse("alerts:rule", args=[int(ref.removeprefix("rule-"))]),
    "approval": lambda ref: reverse("approvals:approval", args=[int(ref.removeprefix("APR-"))]),
    "case": lambda ref: reverse("exceptions:case", args=[int(ref.removeprefix("EXC-"))]),
    "connection": lambda ref: reverse("connections:connection", args=[ref]),
    "customer": lambda ref: reverse("console:customer", args=[int(ref.removeprefix("PTY-"))]),
    "flow": lambda ref: reverse("console:flow-run", args=[int(ref)]),
    "usage account": lambda ref: reverse("usage:account", args=[int(ref)]),
}


def _url(event: Event) -> str:
    """The page of what the act was done to; nothing for what has none."""
    place = _PLACES.get(event.kind)
    try:
        return place(event.reference) if place else ""
    except ValueError:
        return ""


def _fits(event: Event) -> bool:
    link = link_of(event)
    sealed = link.detail is None or mac_of(link.salt or b"", link.detail) == link.detail_mac
    return sealed and hash_of(link) == link.hash


def link_of(event: Event) -> Link:
    return Link(
        event.seq, event.ts, event.actor, event.roles, event.on_behalf, event.action, event.kind,
        event.reference, event.entity, event.correlation_id, event.request_id, event.detail,
        bytes(event.salt) if event.salt is not None else None, bytes(event.detail_mac),
        bytes(event.prev), bytes(event.hash), event.erased_by,
    )  # fmt: skip

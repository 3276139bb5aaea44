"""What a detector hands over when something needs a person. Pure values; nothing is stored here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from revops.kernel.keys import sha256

_CAUSE_KEY: Final = 16
# The widths of exceptions.models.Case; longer words are cut, never refused.
_WIDTHS: Final = {"path": 120, "subject_label": 240, "owner_team": 40}


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One fault, in business words.

    ``identity`` tells this fault from others of its kind (one unresolved case each);
    ``cause_parts`` names the root it shares with others, so leave out of it whatever differs from
    case to case. ``cause`` is one sentence without its full stop, ``what_happened`` at most two of
    at most 25 words. ``at_stake`` is minor units of ``currency``, or None when not known.
    ``facts`` are (label, value) pairs for *Why it matters*. ``state`` is ``in_doubt`` when a
    command was sent and not answered; ``checks_at`` is then when the answer will be asked for.
    """

    kind: str
    identity: str
    cause_parts: str
    cause: str
    what_happened: str
    legal_entity_id: int | None = None
    period_code: str = ""
    currency: str = ""
    at_stake: int | None = None
    path: str = ""
    customer_name: str = ""
    subject_label: str = ""
    blocked_steps: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    command_id: int | None = None
    inbound_id: int | None = None
    record_kind: str = ""
    record_id: int | None = None
    connection_slug: str = ""
    correlation_id: str = ""
    state: Literal["open", "in_doubt"] = "open"
    checks_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """One unresolved case exists for it."""
        return fingerprint_of(self.kind, self.identity)

    @property
    def cause_key(self) -> str:
        """Cases with the same one share a fix."""
        return cause_key_of(self.kind, self.cause_parts)

    def columns(self) -> dict[str, Any]:
        """The columns of a case that the finding decides, as JSON can carry them."""
        return {
            "kind": self.kind,
            "fingerprint": self.fingerprint,
            "cause_key": self.cause_key,
            "cause": _clean(self.cause),
            "what_happened": _clean(self.what_happened),
            "state": self.state,
            "legal_entity_id": self.legal_entity_id,
            "period_code": self.period_code,
            "currency": self.currency,
            "at_stake": self.at_stake,
            "path": _clean(self.path, "path"),
            "customer_name": _clean(self.customer_name),
            "subject_label": _clean(self.subject_label, "subject_label"),
            "blocked_steps": [_clean(step) for step in self.blocked_steps],
            "facts": [[_clean(label), _clean(value)] for label, value in self.facts],
            "command_id": self.command_id,
            "inbound_id": self.inbound_id,
            "record_kind": self.record_kind,
            "record_id": self.record_id,
            "connection_slug": self.connection_slug,
            "correlation_id": self.correlation_id,
            "checks_at": self.checks_at.isoformat() if self.checks_at else None,
        }


def fingerprint_of(kind: str, identity: str) -> str:
    """The fingerprint of a finding, for settling it without having it."""
    return sha256(f"{kind}|{identity}")


def cause_key_of(kind: str, cause_parts: str) -> str:
    """The cause of findings, for looking for their cases without having one."""
    return sha256(f"{kind}|{cause_parts}")[:_CAUSE_KEY]


def _clean(text: str, column: str = "") -> str:
    """Vendors' words may hold what PostgreSQL refuses to store, or be too long for the column."""
    text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    text = text.encode("utf-8", "replace").decode("utf-8")
    width = _WIDTHS.get(column)
    return text if width is None or len(text) <= width else f"{text[: width - 1]}…"

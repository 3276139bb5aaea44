"""A mail as the sandbox took it."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any


@dataclass(slots=True)
class Mail:
    """One mail as it was taken."""

    at: str
    sender: str
    to: str
    raw: bytes
    reference: str = ""
    shown: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parsed = message_from_bytes(self.raw, policy=policy.default)
        body = parsed.get_body(("plain",))
        self.shown = {
            "at": self.at,
            "from": str(parsed["From"] or ""),
            "envelope_from": self.sender,
            "to": str(parsed["To"] or ""),
            "envelope_to": self.to,
            "reference": self.reference,
            "subject": str(parsed["Subject"] or ""),
            "message_id": str(parsed["Message-ID"] or "").strip(),
            "text": body.get_content() if body is not None else "",
        }

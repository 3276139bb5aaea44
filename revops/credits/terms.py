"""
Promises and rules as somebody types them, and as they are asked for: plain JSON, checked in
sentences. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from revops.credits import life

PROMISE: Final = "promise"
RULE: Final = "rule"
LABELS: Final = {PROMISE: "Promise", RULE: "Rule"}
_WHOLE: Final = 10_000
_SHORTEST: Final = 10
_LONGEST_KEPT: Final = 365


@dataclass(frozen=True, slots=True)
class Meant:
    """Which cases a rule means; blank or empty is any. ``entity`` is a legal entity's code."""

    on: str
    severities: tuple[str, ...]
    promise: str
    entity: str

    def fits(
        self, *, severity: str, promise: str, entity: str, broken: bool, resolved: bool
    ) -> bool:
        return (
            broken
            and (self.on != "resolved" or resolved)
            and (not self.severities or severity in self.severities)
            and self.promise in ("", promise)
            and self.entity in ("", entity)
        )


def meant_by(content: Mapping[str, Any]) -> Meant:
    terms = content["terms"]
    return Meant(terms["on"], tuple(terms["severities"]), terms["promise"], content["entity"])


def share(text: str) -> int | None:
    """“12.5” or “12.5 %” in hundredths of a percent; None when it is no share of 0 to 100 %."""
    try:
        exact = Decimal(text.replace("%", "").replace(",", ".").strip()) * 100
    except InvalidOperation:
        return None
    fits = exact.is_finite() and 0 <= exact <= _WHOLE and exact == exact.to_integral_value()
    return int(exact) if fits else None


def identity(content: Mapping[str, Any]) -> str:
    """What two versions of the same have in common; part of the approval's identity."""
    terms = content["terms"]
    if content["what"] == RULE:
        return f"rule/{terms['name']}"
    return f"promise/{content['entity']}/{terms['plan']}/{terms['promise']}/{terms['severity']}"


def name_of(content: Mapping[str, Any]) -> str:
    terms = content["terms"]
    return str(terms["label"] if content["what"] == PROMISE else terms["name"])


def problems(content: Mapping[str, Any], *, today: date) -> dict[str, str]:
    """What is wrong, by field, in sentences; empty when it can be asked for."""
    found: dict[str, str] = {}
    terms = content["terms"]
    starts = content["starts"]
    if not starts:
        found["starts"] = "Say from which day on."
    elif date.fromisoformat(starts) < today:
        found["starts"] = "It begins today or later: what was given stays given."
    if len(content["note"].strip()) < _SHORTEST:
        found["note"] = "Say why, in a sentence: whoever decides reads it."
    if content["end"]:
        return found
    if content["what"] == PROMISE:
        for field, words in (
            ("label", "Give it a name."), ("plan", "Say which plan or feature promises it."),
            ("promise", "Say what is promised, as the support desk calls it."),
            ("target", "Say what was promised, for people."),
        ):  # fmt: skip
            if not terms[field]:
                found[field] = words
        if not terms["gives"]:
            found["gives"] = "A breach gives more than 0 and at most 100 % of the month."
        if terms["most"] is None:
            found["most"] = "At most 100 % of twelve months; 0 is no limit."
        return found
    if not terms["name"]:
        found["name"] = "Give it a name."
    if terms["reason_code"] not in life.TYPE_OF:
        found["reason_code"] = "Choose a reason."
    if terms["on"] not in ("breached", "resolved"):
        found["on"] = "Choose when it looks."
    if not 1 <= (terms["keeps_days"] or 0) <= _LONGEST_KEPT:
        found["keeps_days"] = f"A request is kept for 1 to {_LONGEST_KEPT} days."
    return found

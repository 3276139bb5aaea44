"""A connection's parameters, read: which ticket fields mean what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from connectors.caller import pairs

ESCALATION: Final = "escalated"
SEVERITIES: Final = "urgent=1, high=2, normal=3, low=4"
PROMISES: Final = (
    "reply_time=first_response, requester_wait_time=resolution, "
    "agent_work_time=resolution, resolution_time=resolution"
)


@dataclass(frozen=True, slots=True)
class Names:
    """Fields are numbers of custom ticket fields; None for those that are not used."""

    prefix: str
    key: int | None
    credit: int | None
    billing: int | None
    context: int | None
    customer: int | None
    invoice: int | None
    promise: int | None
    promise_day: int | None
    severities: Mapping[str, str]
    promises: Mapping[str, str]
    escalation_tags: frozenset[str]

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        def field(name: str) -> int | None:
            value = str(parameters.get(name) or "").strip()
            return int(value) if value.isascii() and value.isdigit() else None

        return cls(
            prefix=str(parameters.get("ticket_prefix") or ""),
            key=field("key_field"),
            credit=field("credit_field"),
            billing=field("billing_field"),
            context=field("context_field"),
            customer=field("customer_field"),
            invoice=field("invoice_field"),
            promise=field("promise_field"),
            promise_day=field("promise_day_field"),
            severities=pairs(parameters.get("severities") or SEVERITIES),
            promises=pairs(parameters.get("promises") or PROMISES),
            escalation_tags=frozenset(
                str(parameters.get("escalation_tags") or ESCALATION).replace(",", " ").split()
            ),
        )

    def case_id(self, ticket: int) -> str:
        return f"{self.prefix}{ticket}"

    def escalates(self, tags: Any) -> bool:
        """Whether one of a ticket's tags says that it is escalated."""
        return isinstance(tags, list) and any(
            isinstance(tag, str) and tag in self.escalation_tags for tag in tags
        )

    def ticket(self, case_id: str) -> int | None:
        """The ticket's number behind a case's name; None when it is none of this desk's."""
        digits = case_id.removeprefix(self.prefix)
        known = digits.isascii() and digits.isdigit() and 0 < len(digits) <= 18
        return int(digits) if known else None

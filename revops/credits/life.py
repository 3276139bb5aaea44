"""The states of a credit request, in its own words, and which may follow which. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DRAFT: Final = "draft"
WAITING: Final = "waiting"
APPROVED: Final = "approved"
ISSUING: Final = "issuing"
ISSUED: Final = "issued"
REJECTED: Final = "rejected"
WITHDRAWN: Final = "withdrawn"
EXPIRED: Final = "expired"
REVERSED: Final = "reversed"

STATES: Final[Mapping[str, str]] = {
    DRAFT: "Draft",
    WAITING: "Waiting for approval",
    APPROVED: "Approved",
    ISSUING: "Being issued",
    ISSUED: "Issued",
    REJECTED: "Rejected",
    WITHDRAWN: "Withdrawn",
    EXPIRED: "Expired",
    REVERSED: "Reversed",
}

NEXT: Final[Mapping[str, frozenset[str]]] = {
    DRAFT: frozenset({WAITING, WITHDRAWN, EXPIRED}),
    WAITING: frozenset({DRAFT, APPROVED, REJECTED, WITHDRAWN, EXPIRED}),
    APPROVED: frozenset({ISSUING, ISSUED, REVERSED}),
    ISSUING: frozenset({ISSUED, REVERSED}),
    ISSUED: frozenset({REVERSED}),
    REJECTED: frozenset(),
    WITHDRAWN: frozenset(),
    EXPIRED: frozenset(),
    REVERSED: frozenset(),
}

# Somebody still works on it, or the customer still waits for it.
OPEN: Final = (DRAFT, WAITING, APPROVED, ISSUING)
# It is promised, or will be if nobody says no.
STANDING: Final = (WAITING, APPROVED, ISSUING, ISSUED)
GIVEN: Final = (APPROVED, ISSUING, ISSUED)

# How far an issued one is that is being taken back.
ASKED: Final = "asked"
AGREED: Final = "agreed"
REVERSING: Final[Mapping[str, str]] = {ASKED: "Asked for", AGREED: "Agreed"}

REASONS: Final[Mapping[str, str]] = {
    "uptime": "Uptime below the promise",
    "response": "Support answered too late",
    "late_delivery": "Data delivered late",
    "quality": "The product did not do what was promised",
    "billing_mistake": "Billed wrongly",
    "relationship": "Goodwill, nothing was promised",
    "price": "Price agreed anew",
}

# (what a person calls it, what it does to the books)
TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "sla_period": ("SLA credit for the month", "All of it lowers revenue of that month"),
    "goodwill": ("Goodwill", "All of it lowers revenue now"),
    "contract_concession": (
        "Price concession", "Spread over the contract, the earned part now",
    ),
    "future_price_cut": ("Lower price from now on", "Only months still to come"),
    "billing_error": ("Billing error", "Undoes the wrong part of the invoice"),
}  # fmt: skip
# What a reason usually is; the person may choose another type and says why in the note.
TYPE_OF: Final[Mapping[str, str]] = {
    "uptime": "sla_period",
    "response": "sla_period",
    "late_delivery": "sla_period",
    "quality": "contract_concession",
    "billing_mistake": "billing_error",
    "relationship": "goodwill",
    "price": "future_price_cut",
}
# A choice between these two is a judgement that the books rest on (accounting.md note 4).
JUDGED: Final = frozenset({"contract_concession", "future_price_cut"})


class CannotChange(Exception):
    """The request is not in a state in which this can be done; the message says so."""


def follow(before: str, after: str) -> str:
    """``after``, when it may follow ``before``. Raises CannotChange."""
    if after not in NEXT[before]:
        raise CannotChange(
            f"The credit is {STATES[before].lower()}, so it cannot become {STATES[after].lower()}."
        )
    return after

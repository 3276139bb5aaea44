"""
What must not be exceeded: no more is given back than was charged (accounting.md I9), and nothing is
taken from a customer's balance that is not in it. What goes beyond is a case, not a wrong journal.
"""

from __future__ import annotations

from revops.kernel.money import Money
from revops.ledger.drafts import CannotJournalize


class LimitExceeded(CannotJournalize):
    """``what`` names the limit in a few words, for the cause; the message says the amounts."""

    def __init__(self, what: str, message: str) -> None:
        self.what = what
        super().__init__(message)


def credited(
    line_id: str, currency: str, *, charged: int, given_back: int, asked: int, tax_code: str = ""
) -> None:
    """
    Σ credits on a line ≤ its amount; tax reversed ≤ tax charged. Raises LimitExceeded. Amounts are
    minor units; ``asked`` comes on top of what was ``given_back`` before.
    """
    if given_back + asked <= max(0, charged):
        return
    name = f"tax {tax_code} of line {line_id}" if tax_code else f"line {line_id}"
    left = max(0, charged - given_back)
    raise LimitExceeded(
        "More is credited than was charged",
        f"The credit takes {Money(asked, currency)} off {name}. "
        f"{Money(charged, currency)} was charged and {Money(left, currency)} of it is left.",
    )


def balance(currency: str, *, held: int, asked: int) -> None:
    """A customer's balance never becomes a debt. Raises LimitExceeded."""
    if asked > held:
        raise LimitExceeded(
            "More is used than the customer's balance holds",
            f"{Money(asked, currency)} is to be used of a balance of "
            f"{Money(max(0, held), currency)}.",
        )

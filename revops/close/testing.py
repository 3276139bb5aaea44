"""
What is tested before a close is signed, and what a test's answer means. Pure: no database.

A test is true when nothing of it is open. One that is not true stops the signature, whatever its
weight, unless a waiver covers it; the weight says how bad it is and colours its area.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from revops.close.areas import BY_SLUG as AREA_NAMES
from revops.kernel.money import Money

BLOCKS: Final = "blocked"
RISKS: Final = "at_risk"
WAITS: Final = "waiting"
READY: Final = "ready"
UNUSED: Final = "unused"
_WORST_FIRST: Final = (BLOCKS, RISKS, WAITS, READY, UNUSED)


@dataclass(frozen=True, slots=True)
class Test:
    """
    ``weight`` is what its area is when it is not true. ``open`` counts in the words of ``left``
    (singular|plural). ``link`` is where it is worked on, with {entity}, {period} and {scope}.
    ``counts`` whether what is open of it, and its money, adds to its area's. ``passing`` is what
    comes and goes with systems outside: it stops a signature, and suspends none that was given.
    """

    slug: str
    label: str
    area: str
    weight: str
    left: str
    link: str = ""
    waivable: bool = True
    counts: bool = False
    passing: bool = False

    def said(self, count: int) -> str:
        one, many = self.left.split("|")
        return f"{count:,} {one if count == 1 else many}"


_QUEUE: Final = "/exceptions/{scope}"
_RECS: Final = "/reconciliation/{scope}"

TESTS: Final = (
    Test("understood", "Everything that came in is understood", "billing_sync", BLOCKS,
         "open case|open cases", _QUEUE, counts=True),
    Test("arrived", "Nothing that came in still waits", "billing_sync", RISKS,
         "event waits|events wait", "/events/{scope}"),
    Test("billing_agrees", "Billing’s own list equals the console’s", "billing_sync", RISKS,
         "break|breaks", _RECS, counts=True),
    Test("sources_healthy", "Connections that its events come from are healthy", "billing_sync",
         RISKS, "connection in trouble|connections in trouble", "/connections/", passing=True),
    Test("posted", "Every journal can be posted", "erp_posting", BLOCKS,
         "open case|open cases", _QUEUE, counts=True),
    Test("under_way", "Every journal is in the ERP", "erp_posting", RISKS,
         "posting under way|postings under way", "/journals/{scope}", counts=True),
    Test("in_doubt", "No posting is in doubt", "erp_posting", BLOCKS,
         "posting in doubt|postings in doubt", _QUEUE + "&status=in_doubt", counts=True),
    Test("late_decided", "Every late event is decided", "erp_posting", BLOCKS,
         "late event|late events", "#late", waivable=False, counts=True),
    Test("books_agree", "The ERP’s own list equals the console’s", "erp_posting", RISKS,
         "break|breaks", _RECS, counts=True),
    Test("erp_healthy", "The connection that keeps its books is healthy", "erp_posting",
         RISKS, "connection in trouble|connections in trouble", "/connections/", passing=True),
    Test("tax_mapped", "Every tax code has its account", "tax", BLOCKS,
         "open case|open cases", _QUEUE, counts=True),
    Test("tax_agrees", "Tax agrees between invoice, books and ERP", "tax", RISKS,
         "break|breaks", _RECS, counts=True),
    Test("paid_in", "Every payment is booked", "payments", BLOCKS,
         "open case|open cases", _QUEUE, counts=True),
    Test("applied", "Every payment found its invoice", "payments", RISKS,
         "payment|payments", _QUEUE, counts=True),
    Test("payouts_agree", "Payouts agree with payments and bank", "payments", RISKS,
         "break|breaks", _RECS, counts=True),
    Test("credited", "Every credit is booked", "credits", BLOCKS,
         "open case|open cases", _QUEUE, counts=True),
    Test("credits_decided", "Every credit is decided or accrued", "credits", WAITS,
         "credit waits|credits wait", "/credits/{scope}", counts=True),
    Test("credits_agree", "Credits agree between billing, books and ERP", "credits", RISKS,
         "break|breaks", _RECS, counts=True),
    Test("recs_run", "Every reconciliation ran after the period’s end", "reconciliation", RISKS,
         "reconciliation to run|reconciliations to run", _RECS),
    Test("recs_signed", "Every reconciliation is signed by two people", "reconciliation", WAITS,
         "reconciliation unsigned|reconciliations unsigned", _RECS),
    Test("decided", "Every approval is decided", "approvals", WAITS,
         "approval waits|approvals wait", "/approvals/{scope}", counts=True),
    Test("emergencies", "Every use of break-glass was looked at", "approvals", BLOCKS,
         "use not looked at|uses not looked at", "/break-glass/", waivable=False),
    # The operation refuses the reviewer for it, whatever somebody waives.
    Test("earlier_closed", "Earlier periods are closed", "approvals", BLOCKS,
         "earlier period open|earlier periods open", "/close/{scope}", waivable=False),
    Test("runs_made", "Every period-end run is made", "revenue", BLOCKS,
         "run missing or failed|runs missing or failed", "/books/periods/{period_id}/"),
    Test("recognised", "Every schedule has its line for the period", "revenue", RISKS,
         "schedule|schedules", "/books/schedules/{scope}", counts=True),
    Test("earned", "Revenue has no open case", "revenue", BLOCKS,
         "open case|open cases", _QUEUE, counts=True),
    Test("revenue_agrees", "Revenue agrees between schedules, books and ERP", "revenue", RISKS,
         "break|breaks", _RECS, counts=True),
)  # fmt: skip
BY_SLUG: Final[Mapping[str, Test]] = {test.slug: test for test in TESTS}

# Which test of an area its cases answer, and which its reconciliations.
CASES: Final[Mapping[str, str]] = {
    "billing_sync": "understood", "erp_posting": "posted", "tax": "tax_mapped",
    "payments": "paid_in", "credits": "credited", "revenue": "earned",
}  # fmt: skip
PAIRS: Final[Mapping[str, str]] = {
    "billing_sync": "billing_agrees", "erp_posting": "books_agree", "tax": "tax_agrees",
    "payments": "payouts_agree", "credits": "credits_agree", "revenue": "revenue_agrees",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waived:
    """What a waiver covers, and by whom it was asked for and why."""

    open: int
    money: Mapping[str, int]
    reason: str
    approval: int


@dataclass(frozen=True, slots=True)
class Answer:
    """
    A test's answer: how many things are ``open`` and their ``money``. ``used`` is false where the
    legal entity has nothing of what is tested. ``note`` says more than the count.
    """

    test: Test
    open: int = 0
    money: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    used: bool = True
    waiver: Waived | None = None
    link: str = ""

    @property
    def true(self) -> bool:
        return self.open == 0

    @property
    def waived(self) -> bool:
        """Whether a waiver covers all of what is open now."""
        held = self.waiver
        return (
            not self.true
            and held is not None
            and self.open <= held.open
            and all(
                abs(minor) <= abs(held.money.get(code, 0)) for code, minor in self.money.items()
            )
        )

    @property
    def stops(self) -> bool:
        """Whether nobody can sign because of it."""
        return not self.true and not self.waived

    @property
    def state(self) -> str:
        if self.stops:
            return self.test.weight
        return READY if self.used or not self.true else UNUSED

    @property
    def amounts(self) -> list[Money]:
        return amounts_of(self.money)

    @property
    def area(self) -> str:
        return AREA_NAMES[self.test.area].label

    @property
    def said(self) -> str:
        return self.note or self.test.said(self.open)


@dataclass(frozen=True, slots=True)
class AreaState:
    """
    An area's cell: the worst of its tests, what is open in it and the money, each once.
    ``uncompared``: nothing is known to be wrong, its systems were just not compared yet.
    """

    slug: str
    label: str
    state: str
    open: int
    money: Mapping[str, int]
    checked: int
    link: str
    uncompared: bool = False

    @property
    def amounts(self) -> list[Money]:
        return amounts_of(self.money)


def amounts_of(money: Mapping[str, int]) -> list[Money]:
    """One amount for each currency, the largest first."""
    ranked = sorted(money.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [Money(minor, code) for code, minor in ranked if code and minor]


def add(into: dict[str, int], more: Mapping[str, int]) -> None:
    for code, minor in more.items():
        into[code] = into.get(code, 0) + minor


def worst(states: Iterable[str]) -> str:
    """The state that a whole has; ready when there is nothing."""
    found = set(states)
    return next((state for state in _WORST_FIRST if state in found), READY)


def in_area(answers: Sequence[Answer], area: str) -> list[Answer]:
    return [one for one in answers if one.test.area == area]
